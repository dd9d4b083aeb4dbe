"""Sentence encoders and cross-encoders through OpenVINO: exported once from torch, kept on disk, run in sorted batches.

Which model it is and where its files lie is not decided here (`workbench.retrieval.model_files`); no telemetry is ever sent.
"""
