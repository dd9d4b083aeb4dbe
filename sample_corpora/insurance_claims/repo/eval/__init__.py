"""Evaluation of retrieval and answers against the golden set."""
