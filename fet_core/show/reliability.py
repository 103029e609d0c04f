"""The tables of docs/reliability.md: what became of damaged files, kills and full disks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE = "reliability.json"

_COLUMNS = {
    "result": "right",
    "rejected": "refused",
    "traceback": "traceback",
    "crash": "crash",
    "hang": "hang",
    "silent": "silent",
    "memory": "memory",
}
_MOST = 20
"""Failures that are listed; the file has all."""


def there(metrics: Path) -> bool:
    """Whether a folder of results has what the tables are made of."""
    return (metrics / FILE).is_file()


def tables(metrics: Path) -> str:
    """All in Markdown, from a folder of results in which it is `there`."""
    found = json.loads((metrics / FILE).read_text(encoding="utf-8"))
    parts = [
        _counts(found["kinds"]),
        _measured(found["kinds"]),
        _failures(found),
        _made_with(found),
    ]
    return "\n\n".join(part for part in parts if part)


def _counts(kinds: dict[str, Any]) -> str:
    heads = ["kind", "what is tried", "trials", *_COLUMNS.values()]
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    for name, kind in kinds.items():
        numbers = [kind["tried"], *(kind["outcomes"][key] for key in _COLUMNS)]
        cells = [name, kind["about"], *(f"{number:,}" for number in numbers)]
        lines.append(f"| {' | '.join(cells)} |")
    total = [sum(kind["outcomes"][key] for kind in kinds.values()) for key in _COLUMNS]
    cells = [f"{number:,}" for number in (sum(total), *total)]
    return "\n".join([*lines, f"| **all** | | {' | '.join(cells)} |"])


def _measured(kinds: dict[str, Any]) -> str:
    said = [text for kind in kinds.values() for text in kind.get("measured", ())]
    return f"Measured: {'; '.join(said)}." if said else ""


def _failures(found: dict[str, Any]) -> str:
    lines = [
        f"- `--only {one['kind']} --seed {one['seed']} --trial {one['trial']}`: {one['class']}; "
        f"{_plain(one['damage'])}"
        for one in found["failures"][:_MOST]
    ]
    more = len(found["failures"]) - len(lines)
    return "\n".join([*lines, *([f"- and {more} more"] if more > 0 else [])])


def _plain(text: str) -> str:
    """A text that Markdown leaves alone, on one line."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return f"`{line[:120].replace('`', chr(39))}`"


def _made_with(found: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    return f"Seed {found['seed']}, `--count {found['count']}`; {versions}."
