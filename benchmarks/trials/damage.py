"""Damage of any file's bytes and of any table's or header's values."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import numpy as np

Rng = np.random.Generator

VALUES: tuple[Any, ...] = (
    None,
    "",
    "text",
    "../../../etc/passwd",
    0,
    -1,
    1,
    2,
    7,
    10**9,
    -(10**9),
    2**63,
    10**30,
    0.5,
    -0.5,
    1.5,
    1e-300,
    1e300,
    math.nan,
    math.inf,
    -math.inf,
    True,
    False,
    [],
    {},
    [1, 2],
    ["a"],
    {"a": 1},
    "0",
    "1e-05",
    "Ω\u202e",
    "a\nb",
    "x" * 10_000,
)
"""What may stand in a place where something else belongs."""


def harm(content: bytes, rng: Rng) -> tuple[bytes, str]:
    """Bytes of a file after damage to them, and the damage in words."""
    changed = bytearray(content)
    how = int(rng.integers(8))
    if how <= 3 or not content:
        ends = (len(content), min(200, len(content)), len(content))[how % 3]
        first = max(len(content) - 200, 0) if how == 2 else 0
        places = rng.integers(first, max(ends, first + 1), rng.integers(1, 12))
        for place in places if content else ():
            changed[place] ^= int(rng.integers(1, 256))
        return bytes(changed), f"bytes {places[:3].tolist()} changed"
    if how == 4:
        length = int(rng.integers(0, len(content)))
        return bytes(changed[:length]), f"cut to {length} of {len(content)} bytes"
    if how == 5:
        start, length = int(rng.integers(len(content))), int(rng.integers(1, 4096))
        changed[start : start + length] = b"\0" * len(changed[start : start + length])
        return bytes(changed), f"zeros from byte {start}"
    if how == 6:
        start = int(rng.integers(len(content)))
        changed[start:start] = rng.bytes(int(rng.integers(1, 100)))
        return bytes(changed), f"bytes put in at {start}"
    choice = int(rng.integers(3))
    return (b"", b"\0" * len(content), rng.bytes(2000))[choice], ("empty", "zeros", "noise")[choice]


def places(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to all values of a tree of mappings and lists, sections too."""
    found = [above] if above else []
    inside: Any = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        inside = enumerate(value)
    for key, inner in inside:
        found += places(inner, (*above, key))
    return found


def look(tree: Any, way: tuple[Any, ...]) -> Any:
    """What lies at the end of a way."""
    for part in way:
        tree = tree[part]
    return tree


def altered(tree: Any, rng: Rng) -> tuple[Any, str, tuple[Any, ...], Any]:
    """A tree with another value in one place, or without it, or with one more.

    Returns:
        the tree, the damage in words, the place, and the value; the place is empty where there is
        none.
    """
    made = copy.deepcopy(tree)
    ways = places(made)
    way = ways[rng.integers(len(ways))]
    at = look(made, way[:-1])
    how = rng.random()
    name = ".".join(map(str, way))
    if how < 0.12:
        del at[way[-1]]
        return made, f"{name} left out", (), None
    if how < 0.2 and isinstance(at, dict):
        at[f"{way[-1]}x"] = at[way[-1]]
        return made, f"{name}x added", (), None
    value = copy.deepcopy(VALUES[rng.integers(len(VALUES))])
    old = at[way[-1]]
    if isinstance(old, int | float) and not isinstance(old, bool) and rng.random() < 0.3:
        value = [-old, old * 1000, old + 0.5, float(old), old * 10**12][rng.integers(5)]
    at[way[-1]] = value
    return made, f"{name} is {str(value)[:40]!r}", way, value


def odd_file(path: Path, rng: Rng) -> str:
    """Put something that is no file in a file's place; what, in words."""
    import os

    path.unlink()
    kind = str(rng.choice(["folder", "pipe", "dangling link", "link to itself", "nothing"]))
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "dangling link":
        path.symlink_to("nowhere")
    elif kind == "link to itself":
        path.symlink_to(path.name)
    return kind
