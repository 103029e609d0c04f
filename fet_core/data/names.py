"""What a picture's name says of it: the person and the expression, in any of the usual words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from fet_core.data.disk import nfc
from fet_core.errors import cut
from fet_core.tables import EXPRESSIONS

WORDS: Mapping[str, str] = MappingProxyType(
    {name: name for name in EXPRESSIONS}
    | {
        "happiness": "happy",
        "smile": "happy",
        "smiling": "happy",
        "sadness": "sad",
        "surprise": "surprised",
        "anger": "angry",
        "fear": "fearful",
        "afraid": "fearful",
        "disgust": "disgusted",
        "contempt": "contemptuous",
    }
)
"""Word, in lower case -> expression in the one vocabulary."""

_SEPARATORS = " _-.()"
_WORD = re.compile(f"[^{re.escape(_SEPARATORS)}]+")
_DIGITS = "0123456789"


class BadFaceError(ValueError):
    """A name or a row does not say whose face it is, and how it looks; the message says why."""


class Face(NamedTuple):
    """What is said of a picture: the person, the expression, and the word that stood for it."""

    person: str
    expression: str
    word: str


def parse_name(stem: str, folder: str | None = None) -> Face:
    """Read a file name without its suffix, upper and lower case alike.

    Words are what stands between spaces and any of `_-.()`, without digits at their end; what comes
    after the expression says nothing.

    Args:
        stem: as "happy_02", or "anna_happy" outside of a person's folder.
        folder: name of the person's folder, None for a picture that lies in none.

    Raises:
        BadFaceError: the name does not say it; the message says what is wrong.
    """
    stem = nfc(stem)
    owner = None if folder is None else check_person(nfc(folder))
    if owner is not None and _word(owner) in WORDS:
        raise BadFaceError(
            f"the folder is named as an expression, where a person is expected: {owner}"
        )
    found = [
        (match.start(), word, WORDS[word])
        for match in _WORD.finditer(stem)
        if (word := _word(match[0])) in WORDS
    ]
    expressions = list(dict.fromkeys(expression for *_, expression in found))
    if not found:
        raise BadFaceError(f"the name has no word for an expression: {', '.join(EXPRESSIONS)}")
    if len(expressions) > 1:
        raise BadFaceError(
            f"the name has words for more than one expression: {' and '.join(expressions)}"
        )
    start, word, expression = found[0]
    before = stem[:start].strip(_SEPARATORS)
    if owner is None:
        if not before:
            raise BadFaceError(
                "the name begins with the expression and names no person: expected one like "
                "anna_happy, or a folder of the person's name around it"
            )
        return Face(check_person(before), expression, word)
    if before.lower() not in ("", owner.lower()):
        raise BadFaceError(
            "the name begins neither with the expression nor with the folder's name: "
            f"{cut(before)} in {owner}"
        )
    return Face(owner, expression, word)


def _word(text: str) -> str:
    return text.lower().rstrip(_DIGITS)


def check_person(text: str) -> str:
    """A person's name without the spaces around it.

    Raises:
        BadFaceError: nothing is left, or it holds what no sentence can show.
    """
    text = text.strip()
    if not text:
        raise BadFaceError("no person is named")
    if not text.isprintable():
        raise BadFaceError(f"the person's name has characters that cannot be shown: {text!a}")
    return text
