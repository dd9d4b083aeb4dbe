# Minimisation (UK GDPR Art. 5(1)(c)): mark registration marks, claim and phone numbers; keep health details of named people out.
package claimsdesk

import rego.v1

vrm := `\b[A-Z]{2}[0-9]{2} ?[A-Z]{3}\b`

claim_number := `\b[A-Z]{2}-[0-9]{7}\b`

phone := `\b0[0-9]{3,4} ?[0-9]{3} ?[0-9]{3,4}\b`

redacted := regex.replace(
	regex.replace(regex.replace(input.text, vrm, "[VRM]"), claim_number, "[CLAIM-NO]"),
	phone, "[PHONE]",
)

deny contains "personal_data.special_category" if {
	input.stage == "answer"
	regex.match(`(?i)\b(his|her|their) (diagnosis|medical record|medication)`, input.text)
}

deny contains "personal_data.exfiltration" if {
	input.stage == "answer"
	regex.match(`(?i)(system prompt|ignore (all|previous) instructions|list all customers)`, input.text)
}
