"""Arms against questions: the one place where retrieval and evaluation meet.

It runs the arms, measures them, says why they fail and which one the evidence speaks for; storing and showing the result is
the business of `workbench.session`, `workbench.store`, `workbench.report` and the pages.
"""
