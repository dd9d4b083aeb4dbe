"""Retrieval arms over a client's passages: naive dense, BM25, their fusion, and a reranked fusion.

It ranks; whether a ranking is any good is measured by `workbench.evaluation` and told by `workbench.comparison`.
"""
