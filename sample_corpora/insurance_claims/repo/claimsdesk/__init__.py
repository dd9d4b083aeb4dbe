"""ClaimsDesk Assistant: answers for claims handlers, with sources."""

__version__ = "1.4.0"
