# One decision for each question and each answer. Order: deny, escalate, redact, allow; escalated text is redacted too.
package claimsdesk

import rego.v1

bundle := "cwm-policy-8"

decision := result if {
	count(deny) > 0
	result := {"action": "deny", "rule": min(deny), "bundle": bundle, "text": ""}
} else := result if {
	count(escalate) > 0
	result := {"action": "escalate", "rule": min(escalate), "bundle": bundle, "text": redacted}
} else := result if {
	redacted != input.text
	result := {"action": "redact", "rule": "personal_data.redact", "bundle": bundle, "text": redacted}
} else := {"action": "allow", "rule": "default.allow", "bundle": bundle, "text": input.text}
