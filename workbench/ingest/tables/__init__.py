"""Records out of data files: csv, JSON lines, JSON, Parquet and spreadsheets, each record with its place.

What a record means is the business of those who read logs, evaluations or documents.
"""
