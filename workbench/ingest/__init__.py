"""Turns client files into the records of `workbench.records`, and accounts for every file it could not read.

It judges nothing: what a missing or broken file means is left to the analyses.
"""
