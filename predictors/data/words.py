"""Texts before they are parted at blanks: what stands for a word in any script."""

from __future__ import annotations

import re
import string
import unicodedata
from typing import TYPE_CHECKING, Any

import numpy as np

from lab.errors import bad_value

if TYPE_CHECKING:
    import tensorflow as tf

# Scripts that leave no blanks between words, by their first and last characters: each character is then a word (as
# Devlin et al. 2019 do for Chinese). Thai, Lao, Myanmar, Khmer; Kana, Han with its extensions.
UNPARTED = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF), (0x20000, 0x3FFFF),
)  # fmt: skip
# An array of texts has room for the longest in each row.
MOST_BYTES = 4 << 30
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


def plain_tensor(texts: tf.Tensor) -> tf.Tensor:
    """Do as `plain` in TensorFlow, string (N,), but for Unicode's normal form and ASCII punctuation, which is gone."""
    import tensorflow as tf

    gone = tf.strings.regex_replace(texts, rf"[{re.escape(string.punctuation)}\p{{Cf}}\x{{2019}}]", "")
    blanks = tf.strings.regex_replace(gone, r"[\pC\pZ\pP]+", " ")
    ranges = "".join(rf"\x{{{first:X}}}-\x{{{last:X}}}" for first, last in UNPARTED)
    parted = tf.strings.regex_replace(blanks, f"([{ranges}])", r" \1 ")
    # Last, for it ends a text at a NUL.
    return tf.strings.lower(parted, encoding="utf-8")


def has_word(text: str) -> bool:
    """Return whether anything of a text is left as a word."""
    return bool(plain(text).translate(_ASCII).strip())


def checked_texts(values: Any, owner: str) -> np.ndarray:
    """Return texts, str (N,); bytes are read as UTF-8.

    Raises:
        UsageError: On what is no text or has no word in it, or texts of which the longest is too long for so many.
    """
    listed = [values] if isinstance(values, (str, bytes)) else list(np.ravel(values)) if _is_flat(values) else values
    if not isinstance(listed, (list, tuple)) or not all(isinstance(text, (str, bytes)) for text in listed):
        raise bad_value(owner, "texts", type(values).__name__, "texts (N,)")
    found = [decoded(text, owner, i) if isinstance(text, bytes) else str(text) for i, text in enumerate(listed)]
    for i, text in enumerate(found):
        if not has_word(text):
            raise bad_value(owner, f"text of row {i}", text[:80], "at least one word", "leave it out.")
    check_room(found, owner)
    return np.array(found, "U")


def decoded(text: bytes, owner: str, row: int) -> str:
    """Return bytes as text.

    Raises:
        UsageError: When they are no UTF-8.
    """
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise bad_value(owner, f"text of row {row}", f"bytes that are no UTF-8 ({error.reason})", "UTF-8") from error


def check_room(texts: list[str], owner: str) -> None:
    """Raise `UsageError` where an array of texts, which has room for the longest in each row, would be too large."""
    longest = max(map(len, texts), default=0)
    if 4 * longest * len(texts) > MOST_BYTES:
        raise bad_value(
            owner, "texts", f"{len(texts):,} of them, the longest of {longest:,} characters",
            f"at most {MOST_BYTES >> 30} GiB if all were as long", "cut them, [text[:20_000] for text in texts].",
        )  # fmt: skip


def _is_flat(values: Any) -> bool:
    return hasattr(values, "ndim") and values.ndim <= 1


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
