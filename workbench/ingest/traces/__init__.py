"""Trace exports and gateway logs, in which one question is spread over many records, read into one row a question.

The formats are data (`trace_formats.yaml`), found by their keys; tables with one question a line are read elsewhere.
"""

from workbench.ingest.traces.formats import trace_format
from workbench.ingest.traces.reading import TraceReading, read_traces

__all__ = ["TraceReading", "read_traces", "trace_format"]
