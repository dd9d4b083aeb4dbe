"""What answers cost, what limits that cost, and what a cache would save.

It reads logs, papers and configuration; prices it does not know it does not guess.
"""
