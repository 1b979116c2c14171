"""What search compares: texts without case and accents. docs/clients.md has the same rule in JavaScript."""

import re
import unicodedata

_ACCENTS = re.compile("[\u0300-\u036f]")  # Unicode's block of combining diacritical marks


def fold(text: str) -> str:
    """The text as search sees it: "Café", "CAFE" and "ｃａｆé" are all "cafe"; "STRASSE" and "Straße" are "strasse"."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFKD", text)))
    return plain.upper().lower().replace("ς", "σ")


def words(query: str) -> list[str]:
    """The words of a query, folded: a text is found if it contains each of them, anywhere and in any order."""
    return list(dict.fromkeys(fold(query).split()))
