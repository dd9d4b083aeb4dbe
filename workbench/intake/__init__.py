"""Taking stock of a case: what became of every file the client handed over, part by part and in sum.

It reads through `workbench.ingest` and describes; what the material says about the pilot is the business of the analyses.
"""

from workbench.intake.stock import take_stock

__all__ = ["take_stock"]
