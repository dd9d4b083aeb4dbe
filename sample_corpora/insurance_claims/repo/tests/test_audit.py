from datetime import UTC, datetime
from typing import Any

import pytest

from claimsdesk.audit import REQUIRED, AuditWriter, first_broken_line

NOON = datetime(2026, 5, 18, 12, 0, tzinfo=UTC)


def fields() -> dict[str, Any]:
    return {name: "x" for name in REQUIRED}


def three_lines() -> list[str]:
    lines: list[str] = []
    writer = AuditWriter(lines, clock=lambda: NOON)
    for _ in range(3):
        writer.write(NOON, fields())
    return lines


def test_an_untouched_chain_is_whole() -> None:
    assert first_broken_line(three_lines()) is None


def test_a_changed_line_is_named_by_the_next_one() -> None:
    lines = three_lines()
    lines[0] = lines[0].replace('"x"', '"y"', 1)
    assert first_broken_line(lines) == 2


def test_a_missing_line_is_named() -> None:
    lines = three_lines()
    del lines[1]
    assert first_broken_line(lines) == 2


def test_a_line_without_a_required_field_is_refused() -> None:
    incomplete = fields()
    del incomplete["policy"]
    with pytest.raises(ValueError, match="without policy"):
        AuditWriter([]).write(NOON, incomplete)
