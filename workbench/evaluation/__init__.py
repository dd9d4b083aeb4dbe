"""How well answers are found and whether the client can tell: measures, statistics, failures, the evaluation harness.

It reads runs and case inputs and returns numbers and observations; it retrieves nothing and draws nothing.
"""
