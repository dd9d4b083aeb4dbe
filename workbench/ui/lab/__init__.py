"""The retrieval lab: one state (`state.py`), the views that read and change it, and the page that holds them (`page.py`)."""
