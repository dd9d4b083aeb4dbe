"""Whether governance was built in or added later, and whether the audit log can explain a decision.

It reads dated papers, commits and log lines and returns observations; it gives no legal advice.
"""
