# Conduct rules agreed with Conduct Compliance: these go to a technical claims reviewer.
package claimsdesk

import rego.v1

escalate contains "conduct.repudiation" if regex.match(`(?i)\b(repudiat|declinature|decline the claim|avoid(ance)? of the policy)`, input.text)

escalate contains "conduct.fraud_referral" if regex.match(`(?i)\b(fraud|staged|false invoice)`, input.text)

escalate contains "conduct.vulnerable_customer" if {
	input.stage == "question"
	regex.match(`(?i)\b(vulnerable|bereave|dementia|suicid|carer)`, input.text)
}
