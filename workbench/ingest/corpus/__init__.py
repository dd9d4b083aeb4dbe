"""The documents of a case: every file of the corpus read or accounted for, and cut into passages.

Text comes out of files through `workbench.ingest.readers`; records of tables are made into documents here.
"""

from workbench.ingest.corpus.chunking import chunk, chunk_all, with_context
from workbench.ingest.corpus.documents import read_corpus

__all__ = ["chunk", "chunk_all", "read_corpus", "with_context"]
