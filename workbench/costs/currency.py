"""The currency a log's cost columns name.

It knows no exchange rates, and where several currencies are named it says none.
"""

from __future__ import annotations

from collections.abc import Mapping

CURRENCIES = ("USD", "EUR", "GBP", "CHF")


def named_currency(field_sources: Mapping[str, Mapping[str, str]]) -> str:
    """The currency that the cost columns of a log name; "" where none or several are named.

    >>> named_currency({"logs/a.csv": {"cost": "cost_gbp"}})
    'GBP'

    Args:
        field_sources: `QueryLog.field_sources`.
    """
    columns = [fields["cost"].upper() for fields in field_sources.values() if "cost" in fields]
    named = {code for column in columns for code in CURRENCIES if code in column}
    return named.pop() if len(named) == 1 else ""
