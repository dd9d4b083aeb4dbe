"""What a text is: markup, mail, records, a table, Markdown or plain; told by its beginning.

Structure decides where it is unmistakable, the suffix between texts that look alike; nothing is checked to the end.
"""

from __future__ import annotations

import csv
import json
import re

HTML_SUFFIXES = frozenset({"html", "htm", "xhtml", "shtml"})
MARKDOWN_SUFFIXES = frozenset({"md", "markdown", "mdown", "mkd", "mdx", "qmd", "rmd"})
XML_SUFFIXES = frozenset(
    {"xml", "nxml", "xsd", "xsl", "xslt", "rdf", "rss", "atom", "dita", "dbk", "tei", "wsdl", "xmi"}
)
JSON_SUFFIXES = {"json": "json", "geojson": "json", "jsonl": "jsonl", "ndjson": "jsonl"}
TABLE_SUFFIXES = {"csv": "csv", "tsv": "tsv", "tab": "tsv"}
PROSE_SUFFIXES = MARKDOWN_SUFFIXES | {
    "txt",
    "text",
    "log",
    "rst",
    "adoc",
    "tex",
    "py",
    "js",
    "ts",
    "css",
    "yaml",
    "yml",
    "toml",
    "ini",
}
"""Texts that may begin with a tag or a bracket and are still what their suffix says."""

CARDS = {"BEGIN:VCALENDAR": "ics", "BEGIN:VCARD": "vcf"}
"""What calendars and address cards begin with."""
MAIL_ONLY = frozenset({"received", "mime-version", "message-id", "return-path", "delivered-to", "dkim-signature"})
"""Header fields that only a mail program writes; a memo has From, To, Date and Subject too."""
MAIL_COMMON = frozenset({"from", "to", "subject", "date", "cc", "sender", "reply-to", "content-type"}) | MAIL_ONLY
FEWEST_ROWS = 3
"""Lines, the header among them, a table without a suffix that says so must have."""
LONGEST_COLUMN_NAME = 60


def text_kind(text: str, suffix: str, *, whole: bool) -> str:
    """Kind of a text.

    Args:
        text: its beginning, decoded; not blank.
        suffix: lower case, without the dot.
        whole: whether the beginning is all of it.
    """
    body = text.lstrip()
    card = next((kind for mark, kind in CARDS.items() if body[: len(mark)].upper() == mark), "")
    if card or (suffix == "ipynb" and body.startswith("{")):
        return card or suffix
    kind = _mail_kind(body, suffix) or _markup_kind(body, suffix, whole) or _json_kind(body, suffix, whole)
    if kind:
        return kind
    if suffix in TABLE_SUFFIXES:
        return TABLE_SUFFIXES[suffix]
    if suffix in MARKDOWN_SUFFIXES:
        return "md"
    return _table_kind(body, whole) or "txt"


def _mail_kind(body: str, suffix: str) -> str:
    names = _header_names(body)
    if suffix == "eml":
        return "eml"
    told = names & MAIL_ONLY and names & MAIL_COMMON - MAIL_ONLY
    return "eml" if told and suffix not in PROSE_SUFFIXES - {"txt", "text", "log"} else ""


def _header_names(body: str) -> set[str]:
    """Names of the header fields a text begins with, lower case; empty when its first line is none."""
    names: set[str] = set()
    for line in body.split("\n", 200)[:200]:
        field = re.match(r"([A-Za-z][A-Za-z0-9-]{0,60}):(?:\s|$)", line)
        if field:
            names.add(field.group(1).lower())
        elif not (names and line.startswith((" ", "\t"))):
            break
    return names


def _markup_kind(body: str, suffix: str, whole: bool) -> str:
    if suffix in HTML_SUFFIXES:
        return "html"
    if not body.startswith("<"):
        return ""
    start = _PROLOGUE.sub("", body[:8192]).lstrip().lower()
    if start.startswith(("<!doctype html", "<html")):
        return "html"
    if start.startswith(("<svg", "<!doctype svg")):
        return "svg"
    if body.startswith("<?xml") or start.startswith("<!doctype ") or suffix in XML_SUFFIXES:
        return "xml"
    if suffix in PROSE_SUFFIXES or suffix in TABLE_SUFFIXES:
        return ""
    if _HTML_TAG.match(start):
        return "html"
    root = re.match(r"<([A-Za-z_][\w.:-]*)[\s/>]", start)
    return "xml" if root and (not whole or f"</{root.group(1)}" in body.lower()[-200:]) else ""


_PROLOGUE = re.compile(r"\A(?:\s*(?:<\?[^>]*\?>|<!--.*?-->))+", re.DOTALL)
_HTML_TAG = re.compile(
    r"<(?:head|body|title|meta|div|p|table|h[1-6]|span|a|ul|ol|style|script|br|center|font|b|i|section|article|main)[\s/>]"
)


def _json_kind(body: str, suffix: str, whole: bool) -> str:
    """Kind "json" or "jsonl"; for a broken one what its suffix says; "" for anything else."""
    by_suffix = JSON_SUFFIXES.get(suffix, "")
    if not body.startswith(("{", "[")):
        return by_suffix
    lines = [line for line in body.split("\n") if line.strip()]
    if _parses(lines[0]) and len(lines) > 1 and lines[1].lstrip().startswith(lines[0].lstrip()[0]):
        return "jsonl"
    if whole and _parses(body):
        return by_suffix if len(lines) == 1 and by_suffix else "json"
    if whole or suffix in MARKDOWN_SUFFIXES:
        return by_suffix
    return by_suffix or ("json" if _JSON_START.match(body) else "")


_JSON_START = re.compile(r"\{\s*\"[^\"\n]{0,200}\"\s*:|\[\s*(?:\{\s*\"|\[|\"[^\"\n]*\"\s*,)")


def _parses(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def _table_kind(body: str, whole: bool) -> str:
    """Kind "csv" or "tsv" where every line has the same cells and the first reads like names of columns, else ""."""
    lines = body.rstrip("\n").split("\n")[: 200 if whole else -1][:200]
    if len(lines) < FEWEST_ROWS:
        return ""
    for delimiter, fewest in (("\t", 2), (";", 2), ("|", 3), (",", 3)):
        if lines[0].count(delimiter) >= fewest - 1 and _regular(lines, delimiter):
            return "tsv" if delimiter == "\t" else "csv"
    return ""


def _regular(lines: list[str], delimiter: str) -> bool:
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return False
    names = [cell.strip() for cell in rows[0]]
    like_names = len(set(names)) == len(names) and all(_column_name(name) for name in names)
    return len(rows) >= FEWEST_ROWS and like_names and all(len(row) == len(names) for row in rows)


def _column_name(cell: str) -> bool:
    return 0 < len(cell) <= LONGEST_COLUMN_NAME and not cell[0].isdigit() and not cell.endswith((".", "!", "?"))
