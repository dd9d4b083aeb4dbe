"""The drop folder: whatever a client hands over is sorted into the parts of the case by its content.

Nothing is read for its meaning here, and nothing is ever overwritten or lost.
"""
