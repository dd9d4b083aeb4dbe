"""The query log of a case: any export, line by line or as spans, read into one table of interactions.

It masks and stores; what an interaction says about the pilot is the business of the analyses. `reading.read_logs` is the way in;
it is not imported here, for the readers of traces need the values of this package while it needs their formats.
"""
