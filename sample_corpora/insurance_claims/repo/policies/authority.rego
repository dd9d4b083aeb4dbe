# Authority limits of ADR 0003: no payment at all, and a person for amounts above GBP 10,000.
package claimsdesk

import rego.v1

checkpoint_above_gbp := 10000

deny contains "authority.no_payment" if {
	input.stage == "question"
	regex.match(`(?i)\b(pay|settle|close|reserve)\b.{0,30}\b(now|for me|this claim)\b`, input.text)
	regex.match(`(?i)^(please )?(pay|settle|close|reserve)`, input.text)
}

escalate contains "authority.amount_limit" if {
	some amount in amounts
	amount > checkpoint_above_gbp
}

amounts contains to_number(replace(match[1], ",", "")) if {
	some match in regex.find_all_string_submatch_n(`(?:£|GBP ?)([0-9][0-9,]*)`, input.text, -1)
}
