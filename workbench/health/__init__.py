"""The health of a corpus: copies, versions, boilerplate, dates and owners, languages, empty pages, sizes.

It describes the documents handed over; what was retrieved from them is the business of `workbench.retrieval`.
"""
