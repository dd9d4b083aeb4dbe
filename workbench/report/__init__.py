"""Turns a diagnosis and a comparison into what people read: numbers, sentences, the HTML report.

It computes no result of its own: every number it writes stands in the value it was given.
"""
