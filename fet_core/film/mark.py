"""The mark of a film: that it is made, in its file, and read back."""

from __future__ import annotations

from pathlib import Path

from fet_core.data.mark import SOURCE_TYPE, Origin, program
from fet_core.data.pictures import opened
from fet_core.film.reading import comment

FILMS = (".mp4", ".gif", ".mov", ".m4v", ".mkv", ".webm", ".avi")

_BLOCK = 255  # bytes of a part of a GIF's comment, at most


def note() -> str:
    """What the file of a film says of it, as its comment."""
    return f"{program()}: a photograph that was animated, no recording. {SOURCE_TYPE}"


def write_gif_note(path: Path) -> None:
    """Put the note into a GIF, before its first picture."""
    content = path.read_bytes()
    colours = 3 << ((content[10] & 7) + 1) if content[10] & 0x80 else 0
    place, text = 13 + colours, note().encode()
    parts = [text[start : start + _BLOCK] for start in range(0, len(text), _BLOCK)]
    blocks = b"".join(bytes([len(part)]) + part for part in parts)
    path.write_bytes(content[:place] + b"\x21\xfe" + blocks + b"\0" + content[place:])


def film_origin(path: Path) -> Origin:
    """What a film's file says of how it came to be; `UserError` where it cannot be read."""
    if path.suffix.lower() == ".gif":
        with opened(path) as (image, _):
            told = image.info.get("comment") or b""
        text = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
    else:
        text = comment(path)
    name = text.partition(":")[0]
    ours = name if name.split(" ")[0] == program().split(" ")[0] else None
    return Origin(ours, SOURCE_TYPE if SOURCE_TYPE in text else None)
