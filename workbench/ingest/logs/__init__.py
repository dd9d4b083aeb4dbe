"""The query log of a case: any export, line by line or as spans, read into one table of interactions.

It masks and stores; what an interaction says about the pilot is the business of the analyses.
"""

from workbench.ingest.logs.reading import read_logs

__all__ = ["read_logs"]
