"""Numbers that states give to people (tax, health, insurance, identity cards), and wallets: which shapes are believed, and when.

A shape with a strong check or an unmistakable form is believed alone; one that a claim or order number could have by chance
only beside a word that names it. The checks are presidio's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from workbench.ingest.redaction.recognisers import recognised
from workbench.ingest.redaction.replacing import any_word, near, replaced

STRONG = 0.5
"""Score from which presidio calls a match at least medium; a fitting check digit gives 1."""
WEAK = 0.01


@dataclass(frozen=True, slots=True)
class Identifier:
    """One kind of number.

    Attributes:
        recogniser: presidio's class for it.
        alone: shape believed without a word beside it; "" for none.
        named: shape believed only beside one of the words.
        words: in lower case, as they stand in running text or in a key ("nhs_number").
    """

    recogniser: str
    alone: str
    named: str
    words: tuple[str, ...]


IDENTIFIERS = (
    Identifier(
        "UsSsnRecognizer",
        r"\d{3}-\d{2}-\d{4}",
        r"\d{3}[ .]\d{2}[ .]\d{4}|\d{9}",
        ("ssn", "social security", "social security number"),
    ),
    Identifier("NhsRecognizer", r"\d{3} \d{3} \d{4}", r"\d{3}-\d{3}-\d{4}|\d{10}", ("nhs", "national health service")),
    Identifier(
        "UkNinoRecognizer",
        r"[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]",
        r"[A-Za-z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-Da-d]",
        ("nino", "ni number", "ni no", "national insurance"),
    ),
    Identifier(
        "DeTaxIdRecognizer",
        "",
        r"[1-9]\d{10}",
        (
            "steuer-id",
            "steuerid",
            "steuer-idnr",
            "idnr",
            "steueridentifikationsnummer",
            "identifikationsnummer",
            "tax id",
        ),
    ),
    Identifier(
        "DeIdCardRecognizer",
        "",
        r"[A-Z][A-Z0-9]{7}\d",
        (
            "personalausweis",
            "ausweis",
            "ausweisnummer",
            "personalausweisnummer",
            "identity card",
            "id card",
            "national id",
        ),
    ),
    # Eight digits that are a date, with a letter behind them, are a document's number more often than a person's.
    Identifier(
        "EsNifRecognizer",
        r"(?!(?:19|20)\d\d[01]\d)\d{8}-?[A-Z]",
        r"\d{7,8}-?[A-Za-z]",
        ("nif", "dni", "documento nacional de identidad"),
    ),
    Identifier("EsNieRecognizer", r"[XYZ]-?\d{7,8}-?[A-Z]", r"[XYZxyz]-?\d{7,8}-?[A-Za-z]", ("nie", "extranjero")),
    Identifier(
        "ItFiscalCodeRecognizer",
        r"[A-Z]{6}[0-9L-NP-V]{2}[A-EHLMPRST][0-9L-NP-V]{2}[A-Z][0-9L-NP-V]{3}[A-Z]",
        r"[A-Za-z]{6}[0-9A-Za-z]{2}[A-Za-z][0-9A-Za-z]{2}[A-Za-z][0-9A-Za-z]{3}[A-Za-z]",
        ("codice fiscale", "cf", "c.f"),
    ),
    Identifier("PlPeselRecognizer", "", r"\d{11}", ("pesel",)),
    Identifier("AuTfnRecognizer", "", r"\d{3} \d{3} \d{3}|\d{9}", ("tfn", "tax file number", "tax file")),
    Identifier("AuMedicareRecognizer", "", r"[2-6]\d{3} \d{5} \d|[2-6]\d{9}", ("medicare",)),
    Identifier(
        "InAadhaarRecognizer",
        r"[2-9]\d{3} \d{4} \d{4}",
        r"[2-9]\d{3}[-:]\d{4}[-:]\d{4}|[2-9]\d{11}",
        ("aadhaar", "aadhar", "uidai"),
    ),
    Identifier(
        "InPanRecognizer",
        r"[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]",
        r"[A-Za-z]{5}\d{4}[A-Za-z]",
        ("pan", "permanent account number"),
    ),
    # Presidio does not compute the letter of these, so the form alone could be any product code.
    Identifier("SgFinRecognizer", "", r"[STFGMstfgm]\d{7}[A-Za-z]", ("nric", "fin", "fin number")),
    Identifier(
        "FiPersonalIdentityCodeRecognizer",
        r"\d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y]",
        r"\d{6}[-+A-FU-Y]\d{3}[0-9A-FHJ-NPR-Y]",
        ("hetu", "henkilötunnus", "personal identity code"),
    ),
)

_WALLET = re.compile(r"(?<![A-Za-z0-9])(?:bc1|[13])[a-zA-HJ-NP-Z0-9]{25,59}(?![A-Za-z0-9])")

_BEFORE, _AFTER = r"(?<![\w./#+-])", r"(?![\w/-]|\.\d)"


def _compiled(shape: str) -> re.Pattern[str]:
    return re.compile(f"{_BEFORE}(?:{shape}){_AFTER}")


_ALONE = {rule.recogniser: _compiled(rule.alone) for rule in IDENTIFIERS if rule.alone}
_NAMED = {rule.recogniser: (_compiled(rule.named), any_word(*rule.words)) for rule in IDENTIFIERS}


def _any_of(shapes: Iterable[str]) -> re.Pattern[str]:
    """One look for all shapes together: a text without any of them is not searched again for each.

    Shapes that begin with letters have a digit behind them; saying so first spares most words the rest.
    """
    by_start: dict[bool, list[str]] = {True: [], False: []}
    for shape in shapes:
        by_start[shape[0] == "[" and shape[1].isalpha()].append(shape)
    digits, letters = "|".join(by_start[False]), "|".join(by_start[True])
    return _compiled(rf"(?=\d)(?:{digits})|(?=[A-Za-z]{{1,15}}+[ -]?+\d)(?:{letters})")


_ANY = _any_of(shape for rule in IDENTIFIERS for shape in (rule.alone, rule.named) if shape)


def mask_identifiers(text: str) -> tuple[str, int]:
    """The text with numbers of persons replaced, and how many there were."""
    parts: list[str] = []
    end = place = 0
    while candidate := _ANY.search(text, place):
        start = candidate.start()
        length = _believed_length(text, start)
        place = start + max(1, length)
        if length:
            parts += (text[end:start], "[national id]")
            end = place
    return ("".join((*parts, text[end:])), len(parts) // 2) if parts else (text, 0)


def _believed_length(text: str, start: int) -> int:
    """Characters of the number of a person that begins at a place; 0 where none is believed to."""
    for rule in IDENTIFIERS:
        alone = _ALONE.get(rule.recogniser)
        match = alone.match(text, start) if alone else None
        if match and (length := _length(match, rule.recogniser, STRONG)):
            return length
        named, words = _NAMED[rule.recogniser]
        match = named.match(text, start)
        if match and near(match, words) and (length := _length(match, rule.recogniser, WEAK)):
            return length
    return 0


def mask_wallets(text: str) -> tuple[str, int]:
    """The text with addresses of Bitcoin wallets replaced, and how many there were."""
    return replaced(text, _WALLET, "wallet", lambda match: _length(match, "CryptoRecognizer", STRONG))


def _length(match: re.Match[str], recogniser: str, score: float) -> int:
    return len(match[0]) if recognised(recogniser, match[0], score) else 0
