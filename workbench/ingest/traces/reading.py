"""Rows of questions out of the records of a trace export or gateway log, with what was read from where and what has to be asked.

Texts stay as logged: masking them is the business of whoever stores them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from workbench.ingest.tables.rows import BadRow, Row
from workbench.ingest.traces.adrift import gathered_by_time
from workbench.ingest.traces.answers import Answered, answered
from workbench.ingest.traces.forest import Forest
from workbench.ingest.traces.formats import Format, formats
from workbench.ingest.traces.keys import filled, paths_of
from workbench.ingest.traces.parts import whole_records
from workbench.ingest.traces.spans import Span, span_of
from workbench.ingest.traces.spool import Spool
from workbench.ingest.traces.turns import turns_of
from workbench.ingest.traces.unfold import Found, unfold
from workbench.records import LogQuestion

SEEN_FOR_KEYS = 2000
"""Records whose keys are looked at to tell which of them nothing is read from."""
KEPT_KEYS = 5000
SHOWN_KEYS = 50
SHOWN_PATHS = 4


class TraceReading:
    """The questions of one file; iterate once, then look at what it says about the file.

    A row's values are those of `Interaction` as plain values. Two differ: `at` without a zone is the local time as logged, and
    `latency` stands in for `latency_ms` where the file does not tell its unit; `questions` then asks. A row without a `query`
    adds feedback, a review or a policy decision to the interaction of its id.

    Attributes:
        sources: `Interaction` field -> the key paths it was read from, the most frequent first.
        unused: keys nothing was read from, the most frequent first, at most 50.
        questions: what only a person can say.
        spans, traces: how many records of either were found.
        left_out: why traces gave no row -> how many.
    """

    def __init__(self, rows: Iterable[Row | BadRow], form: str, name: str, scratch: Path) -> None:
        self._rows, self._form, self._name, self._scratch = rows, formats()[form], name, scratch
        self._paths: dict[str, Counter[str]] = {}
        self._keys: Counter[str] = Counter()
        self._local = self._unit = self._looked_at = 0
        self.spans = self.traces = 0
        self.left_out: dict[str, int] = {}

    def __iter__(self) -> Iterator[Row | BadRow]:
        """Rows of questions, oldest first; records that could not be read come before them."""
        spool = Spool(self._scratch, self._name)
        try:
            yield from self._filled(spool)
            traces = spool.finish()
            self.spans, self.traces = spool.spans, traces
            # Every span is a trace of its own and none names a parent: the ids were lost, only time tells what belongs together.
            lost = spool.spans == traces > 1 and not spool.parents and self._form.kind_fixed == ""
            groups = gathered_by_time(spool.groups()) if lost else spool.groups()
            for group in groups:
                yield from self._rows_of(group, by_time=lost and len(group) > 1)
        finally:
            spool.close()

    def _filled(self, spool: Spool) -> Iterator[BadRow]:
        rows = whole_records(self._rows, self._form, self._scratch, self._name) if self._form.parts else self._rows
        for row in rows:
            if isinstance(row, BadRow):
                yield row
                continue
            try:
                spans = list(_spans_of(row, self._form, self._look_at))
            except RecursionError:
                yield BadRow(row.locator, "nested too deep to be read")
                continue
            if not spans:
                yield BadRow(row.locator, f"no record of {self._form.name}")
            for span in spans:
                spool.add(span)

    def _look_at(self, found: Found) -> None:
        self._looked_at += 1
        if self._looked_at <= SEEN_FOR_KEYS and len(self._keys) < KEPT_KEYS:
            self._keys.update(path for path, value in islice(paths_of(found.values, 4), 300) if filled(value))

    def _rows_of(self, group: list[Span], *, by_time: bool) -> Iterator[Row]:
        asked = False
        for turn in turns_of(group):
            row = answered(turn)
            if row is not None:
                asked = True
                yield self._row(row, by_time)
        if not asked:
            reason = "no question in it" if Forest.of(group).spans else "nothing in it"
            self.left_out[reason] = self.left_out.get(reason, 0) + 1

    def _row(self, row: Answered, by_time: bool) -> Row:
        values = dict(row.values)
        at = values.get("at")
        self._local += isinstance(at, str) and not at.endswith("+00:00")
        if "latency_unit_unknown" in values:
            self._unit += 1
            values["latency"] = values.pop("latency_unit_unknown")
        for name, path in row.paths.items():
            shown = f"{path} (belonging together told by time)" if by_time and name in ("retrieved", "model") else path
            if shown:
                self._paths.setdefault("latency_ms" if name == "latency_unit_unknown" else name, Counter())[shown] += 1
        return Row(row.locator, values)

    @property
    def sources(self) -> Mapping[str, str]:
        """`Interaction` field -> the key paths it was read from."""
        return {
            name: ", ".join(path for path, _ in _ranked(paths)[:SHOWN_PATHS])
            for name, paths in sorted(self._paths.items())
        }

    @property
    def unused(self) -> tuple[str, ...]:
        """Keys nothing was read from."""
        read = [path for paths in self._paths.values() for shown in paths for path in _single(shown)]
        known = (
            *read,
            *self._form.kind_keys,
            *(key for ids in self._form.ids.values() for keys in ids.values() for key in keys),
        )
        variants = {f"{prefix}{path}".removesuffix(".*") for prefix in ("", *self._form.prefixes) for path in known}
        left = ((key, count) for key, count in _ranked(self._keys) if not _read(key, variants))
        return tuple(key for key, _ in islice(left, SHOWN_KEYS))

    @property
    def questions(self) -> tuple[LogQuestion, ...]:
        """What only a person can say: units and time zones the file does not tell."""
        found: list[LogQuestion] = []
        if self._unit:
            text = (
                f"{self._name}: is 'latency' in seconds or in milliseconds? Exports of integrations set up before "
                "2026-04-01 hold milliseconds, later ones seconds."
            )
            found.append(LogQuestion(self._name, "latency_ms", "unit", text, ("seconds", "milliseconds")))
        if self._local:
            column = self.sources.get("at", "the time")
            text = f"{self._name}: which time zone is '{column}' in? {self._local:,} of its times name none."
            found.append(LogQuestion(self._name, "at", "time zone", text))
        return tuple(found)


def read_traces(rows: Iterable[Row | BadRow], form: str, name: str, scratch: Path) -> TraceReading:
    """The questions of a trace export or gateway log.

    Args:
        rows: records of the file as `workbench.ingest.tables.text_files.read_rows` gives them.
        form: name of the format, as `trace_format` tells it.
        name: the file as people see it.
        scratch: folder for the file in which spans are sorted; it is removed again.
    """
    return TraceReading(rows, form, name, scratch)


def _spans_of(row: Row, form: Format, look_at: Callable[[Found], None]) -> Iterator[Span]:
    records = unfold(row.values, form.records, form.expand)
    for number, found in enumerate(records, start=1):
        locator = row.locator if len(records) == 1 else f"{row.locator}, record {number}"
        look_at(found)
        yield span_of(found, locator, form)


def _ranked(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))


def _single(shown: str) -> list[str]:
    """Key paths of a shown source: "end_time - start_time" and "a, b" name two."""
    plain = shown.removesuffix(" (belonging together told by time)")
    return [part for piece in plain.split(", ") for part in piece.split(" - ")]


def _read(key: str, read: set[str]) -> bool:
    return any(key == path or key.startswith(f"{path}.") or path.startswith(f"{key}.") for path in read)
