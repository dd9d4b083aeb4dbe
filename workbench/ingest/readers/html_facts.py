"""What a web page states about itself: title, author, dates, description, language; from `meta`, `time` and JSON-LD.

It takes statements as they are, and reads none out of the running text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from workbench.ingest.readers.extracted import embedded
from workbench.ingest.readers.text import parse_date
from workbench.records import DocumentDate

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

CREATED = (
    "article:published_time", "dcterms.created", "dc.date.created", "dcterms.issued", "dc.date.issued", "datepublished",
    "citation_publication_date", "pubdate", "publish-date", "created",
)  # fmt: skip
MODIFIED = (
    "article:modified_time", "og:updated_time", "dcterms.modified", "dc.date.modified", "datemodified", "last-modified",
    "revised", "updated", "modified", "date", "dcterms.date", "dc.date",
)  # fmt: skip
AUTHOR = ("author", "dc.creator", "dcterms.creator", "citation_author", "article:author")
DESCRIPTION = ("description", "og:description", "dcterms.description", "dc.description")
LONGEST = 500
"""Characters kept of one statement."""
MAX_JSON_LD, MAX_JSON_NODES = 1 << 20, 2000


def html_title(soup: BeautifulSoup) -> str:
    """The title the page states, else its first heading."""
    stated = soup.title.get_text(" ", strip=True) if soup.title else ""
    heading = soup.h1.get_text(" ", strip=True) if soup.h1 else ""
    return " ".join((stated or _metas(soup).get("og:title", "") or heading).split())[:LONGEST]


def html_facts(soup: BeautifulSoup) -> dict[str, str]:
    """Author, description and language, as far as stated."""
    metas, linked = _metas(soup), _json_ld(soup)
    author = _first(metas, AUTHOR) or linked.get("author", "")
    found = {
        "author": "" if re.match(r"https?://", author) else author,
        "description": _first(metas, DESCRIPTION),
        "language": _language(soup) or metas.get("content-language", "")[:2].lower(),
    }
    return {key: value[:LONGEST] for key, value in found.items() if value}


def html_dates(soup: BeautifulSoup) -> tuple[DocumentDate, ...]:
    """When the page was published and last changed, as far as stated."""
    metas, linked, times = _metas(soup), _json_ld(soup), _times(soup)
    created = _day(metas, CREATED) or _day(linked, ("datepublished", "datecreated")) or _day(times, ("created",))
    modified = _day(metas, MODIFIED) or _day(linked, ("datemodified",)) or _day(times, ("modified",))
    return embedded(created, modified)


def _day(stated: Mapping[str, str], names: tuple[str, ...]) -> date | None:
    return next(filter(None, (parse_date(stated.get(name, "")) for name in names)), None)


def _first(stated: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((stated[name] for name in names if stated.get(name)), "")


def _metas(soup: BeautifulSoup) -> dict[str, str]:
    found: dict[str, str] = {}
    for tag in soup.find_all("meta"):
        name = tag.get("name") or tag.get("property") or tag.get("itemprop") or tag.get("http-equiv") or ""
        found.setdefault(str(name).lower(), " ".join(str(tag.get("content", "")).split()))
    return found


def _times(soup: BeautifulSoup) -> dict[str, str]:
    """`time` elements that say what they date; one that does not may be the date of anything."""
    found: dict[str, str] = {}
    for tag in soup.find_all("time"):
        said = (
            f"{tag.get('itemprop', '')} {tag.get('class', '')} {'pubdate' if tag.has_attr('pubdate') else ''}".lower()
        )
        event = (
            "modified"
            if re.search("modif|updated", said)
            else "created"
            if re.search("publi|pubdate|created", said)
            else ""
        )
        if event:
            found.setdefault(event, str(tag.get("datetime") or tag.get_text()))
    return found


def _language(soup: BeautifulSoup) -> str:
    """ISO 639-1 code of the root element's `lang`; "" when it states none."""
    root = soup.find("html")
    stated = str(root.get("lang") or root.get("xml:lang") or "") if root is not None else ""
    match = re.match(r"[A-Za-z]{2}(?![A-Za-z])", stated)
    return match.group().lower() if match else ""


def _json_ld(soup: BeautifulSoup) -> dict[str, str]:
    """Dates and author of the first JSON-LD objects that state them, keys lower case."""
    found: dict[str, str] = {}
    for script in soup.find_all("script", type="application/ld+json"):
        text = script.string or ""
        if len(text) <= MAX_JSON_LD:
            try:
                content = json.loads(text)
            except (ValueError, RecursionError):
                continue
            for entry in _objects(content):
                for key in ("datePublished", "dateCreated", "dateModified"):
                    if isinstance(entry.get(key), str):
                        found.setdefault(key.lower(), entry[key])
                author = _author(entry.get("author"))
                if author:
                    found.setdefault("author", author)
    return found


def _objects(content: object) -> Iterator[dict[str, Any]]:
    waiting, seen = [content], 0
    while waiting and seen < MAX_JSON_NODES:
        seen += 1
        value = waiting.pop(0)
        if isinstance(value, dict):
            yield value
            waiting += [part for part in value.values() if isinstance(part, dict | list)]
        elif isinstance(value, list):
            waiting += [part for part in value[:MAX_JSON_NODES] if isinstance(part, dict | list)]


def _author(value: object) -> str:
    people = value if isinstance(value, list) else [value]
    names = [person.get("name") if isinstance(person, dict) else person for person in people[:20]]
    return ", ".join(name.strip() for name in names if isinstance(name, str) and name.strip())
