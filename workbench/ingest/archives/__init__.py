"""Archives and mails unpacked safely: no path outside, no links, bounded in number, size and ratio.

What the members hold is the business of those who read them.
"""
