"""The evaluation page: its state, and views that read and change it and never know each other."""
