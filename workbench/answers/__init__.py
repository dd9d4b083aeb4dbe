"""What the metrics say of a client's answers: rows to score, a judge where one is set, and targets decided from intervals.

Nothing here judges by itself: without a model at an address a person entered, what needs one is not measured.
"""
