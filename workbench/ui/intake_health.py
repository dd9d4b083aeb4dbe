"""The health of a corpus as markup: shares first, then a table behind each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from workbench import numbers
from workbench.health import findings_sentence
from workbench.numbers import count
from workbench.observing import counted
from workbench.records import CorpusHealth, Estimate, Observation
from workbench.ui.components import badge, details, escape, interval_bar, join, paragraph, section, source_link, table

LISTED = 50
"""Rows of a table behind a share."""
SHARE_WORDS: Mapping[str, tuple[str, str]] = {
    "in_duplicates": ("say the same, or nearly, as another", "copies crowd other documents out of the first results"),
    "copies": ("are word for word the copy of another", "they can go without losing anything"),
    "outdated": ("have a newer version beside them", "an assistant that finds the old one answers with it"),
    "boilerplate": ("repeat lines of one another", "share of all characters; repeated lines make passages look alike"),
    "undated": ("carry no date", "nobody can tell whether they still hold"),
    "ownerless": ("name no author or owner", "nobody to ask when they are wrong"),
    "with_empty_pages": ("have pages without text", "scans among the pages: nothing on them can be found"),
    "other_language": ("are in another language than most", "the embedded encoder reads English best"),
}
SHARE_OF: Mapping[str, str] = {
    "boilerplate": "of all characters",
    "with_empty_pages": "of {n} with pages",
    "other_language": "of {n} whose language is known",
}
"""What a share is of; all documents where it is not said."""


def health_markup(health: CorpusHealth, observations: Sequence[Observation], case_slug: str | None) -> str:
    """Everything the page says about the corpus."""
    rows = [
        [
            f"<b>{escape(words)}</b>",
            interval_bar(health.shares[name]),
            _share(name, health.shares[name]),
            f'<span class="wb-muted">{escape(meaning)}</span>',
        ]
        for name, (words, meaning) in SHARE_WORDS.items()
        if name in health.shares
    ]
    shares = f'<div class="wb-shares">{table(["Documents that", "0 to 100 %", "Share", "Why it matters"], rows)}</div>'
    findings = join(_finding(observation, case_slug) for observation in observations if observation.status == "seen")
    return section(
        "Health of the corpus",
        paragraph(findings_sentence(health)),
        shares,
        f'<ul class="wb-list wb-findings">{findings}</ul>' if findings else "",
        join(_tables(health)),
        join(paragraph(note, muted=True) for note in health.notes),
        note=f"{counted(health.documents, 'document')}, {counted(health.characters, 'character')}; every document was looked at.",
    )


def _share(name: str, share: Estimate) -> str:
    """A share with what it is of: every document was looked at, so there is no interval to give."""
    if share.value is None:
        return f'<span class="wb-muted">{escape(numbers.number(share, share=True))}</span>'
    of = SHARE_OF.get(name, "of {n} documents").format(n=count(share.n))
    return f"{escape(numbers.number(share, share=True))} <small>{escape(of)}</small>"


def _finding(observation: Observation, case_slug: str | None) -> str:
    sources = join(f" {source_link(source, case_slug)}" for source in observation.sources[:3])
    return f"<li>{escape(observation.finding)}{sources}</li>"


def _tables(health: CorpusHealth) -> Iterator[str]:
    yield _table(
        "Copies",
        ["Documents", "Alike"],
        [
            [
                _names(group.doc_ids),
                "word for word" if group.exact else f"at least {numbers.percent(group.similarity, 0)}",
            ]
            for group in health.duplicates
        ],
    )
    yield _table(
        "Versions",
        ["Newest", "Older versions", "Told by"],
        [
            [
                f"{escape(family.newest)} {badge(str(family.dates[-1])) if family.dates and family.dates[-1] else ''}",
                _names([doc_id for doc_id in family.doc_ids if doc_id != family.newest]),
                escape(family.told_by),
            ]
            for family in health.versions
        ],
    )
    yield _table(
        "Repeated lines",
        ["Line", "Documents", "Characters"],
        [[escape(line.line), count(line.documents), count(line.characters)] for line in health.boilerplate],
        (1, 2),
    )
    yield _table("Without a date", ["Document"], [[escape(doc_id)] for doc_id in health.undated])
    yield _table("Without author or owner", ["Document"], [[escape(doc_id)] for doc_id in health.ownerless])
    yield _table(
        "Languages",
        ["Language", "Documents"],
        [[escape(code), count(number)] for code, number in health.languages.items()],
        (1,),
    )
    yield _table(
        "Pages without text",
        ["Document", "Empty", "Pages"],
        [[escape(pages.doc_id), count(pages.empty), count(pages.pages)] for pages in health.empty_pages],
        (1, 2),
    )
    yield _table(
        "Longest and shortest",
        ["Document", "Words"],
        [[escape(size.doc_id), count(size.words)] for size in (*health.largest, *health.smallest)],
        (1,),
    )


def _table(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[int] = ()) -> str:
    if not rows:
        return ""
    caption = f"The first {LISTED} of {count(len(rows))}." if len(rows) > LISTED else ""
    return details(f"{title} ({count(len(rows))})", table(headings, rows[:LISTED], caption=caption, numeric=numeric))


def _names(doc_ids: Sequence[str]) -> str:
    return join(f"<div>{escape(doc_id)}</div>" for doc_id in doc_ids[:10]) + (
        f'<div class="wb-muted">and {count(len(doc_ids) - 10)} more</div>' if len(doc_ids) > 10 else ""
    )
