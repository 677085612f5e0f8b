"""Texts before they are parted at blanks: what stands for a word in any script."""

from __future__ import annotations

import string
import unicodedata

# Scripts that leave no blanks between words, by their first and last characters: each character is then a word (as
# Devlin et al. 2019 do for Chinese). Thai, Lao, Myanmar, Khmer; Kana, Han with its extensions.
UNPARTED = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF), (0x20000, 0x3FFFF),
)  # fmt: skip
_ASCII = str.maketrans("", "", string.punctuation)


def plain(text: str) -> str:
    """Return a text in lower case with blanks between words, without characters that nothing shows.

    It leaves to `keras.layers.TextVectorization` what that does itself: ASCII punctuation goes without a blank. Other
    punctuation and control characters become blanks, marks of direction and joiners go, and equal characters are
    written alike (Unicode's NFC).
    """
    if text.isascii() and text.isprintable():
        return text.lower()
    parts = (_shown(character) for character in unicodedata.normalize("NFC", text.lower()))
    return " ".join("".join(parts).split())


def has_word(text: str) -> bool:
    """Return whether anything of a text is left as a word."""
    return bool(plain(text).translate(_ASCII).strip())


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    if character == "\N{RIGHT SINGLE QUOTATION MARK}":
        return "'"
    if category[0] in "CZ" or (category[0] == "P" and not character.isascii()):
        return " "
    if any(first <= ord(character) <= last for first, last in UNPARTED):
        return f" {character} "
    return character
