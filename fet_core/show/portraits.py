"""The tables of docs/transfer.md and docs/film.md: what is reached on whole pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

FILES = ("shipped/portraits.json", "shipped/wild.json", "shipped/reenactment.json")
FILMS = "shipped/films.json"

_NAMES = {
    "unchanged": "the target as it is",
    "networks (--model fet-plus-small)": "networks",
    "fet transfer": "**`fet transfer`**",
    "fet transfer --intensity 1.25": "`--intensity 1.25`",
    "fet transfer --eye mesh": "`--eye mesh`",
    "literal, in the plane": "the source's points, in the plane",
    "literal, in space": "the source's points, in space",
    "no mouth from the source": "no mouth from the source",
    "no correction": "not read again",
    "relative": "**`fet animate`**",
    "absolute": "`--absolute`",
}
_COLUMNS = {
    "SSIM": ("ssim", ".3f"),
    "PSNR": ("psnr", ".2f"),
    "NME": ("nme", ".4f"),
    "expression error": ("expression_error", ".4f"),
    "of opening": ("opening_error", ".3f"),
    "of width": ("width_error", ".3f"),
    "of lids": ("lids_error", ".4f"),
    "opening reached": ("opening_reached", ".0%"),
    "width reached": ("width_reached", ".0%"),
    "ID distance": ("id_distance", ".3f"),
    "ID to the truth": ("id_truth", ".3f"),
    "lost": ("lost", ".0f"),
}
_TITLES = {
    ("shipped/wild.json", "self"): "Wild, one person",
    ("shipped/wild.json", "cross"): "Wild, two people",
    ("shipped/portraits.json", "one person"): "London, one person",
    ("shipped/portraits.json", "two people"): "London, two people",
    ("shipped/portraits.json", "points"): "London, two people, points before any picture",
    ("shipped/reenactment.json", "dlib"): "Films of real people, read by dlib",
    ("shipped/reenactment.json", "mesh"): "Films of real people, read by the mesh",
    ("shipped/reenactment.json", "points"): "Films of real people, points before any picture",
}


def there(metrics: Path) -> bool:
    """Whether a folder of results has what the tables are made of."""
    return all((metrics / name).is_file() for name in FILES)


def tables(metrics: Path) -> str:
    """All tables in Markdown, from a folder of results in which they are `there`."""
    found = {name: json.loads((metrics / name).read_text(encoding="utf-8")) for name in FILES}
    return "\n".join(_table(title, found[name][part]) for (name, part), title in _TITLES.items())


def film_tables(metrics: Path) -> str:
    """The tables of `fet animate` in Markdown, from a folder that holds `FILMS`."""
    found = json.loads((metrics / FILMS).read_text(encoding="utf-8"))
    still, speed = found["still"].values(), found["speed"]
    said = [
        f"with noise of {one['noise']:g} levels the landmarks are read {one['read_mean']:.2%} of "
        f"the eye distance from where they were a picture before, and the result's move by "
        f"{one['moved_mean']:.2%} on the mean, by {one['moved_largest']:.2%} at most"
        for one in still
    ]
    machine = found["machine"]
    processes = f"{machine['processes']} process{'es' * (machine['processes'] > 1)}"
    fast = [
        f"{one['a_second']:.1f} pictures a second at {side} pixels (`fet transfer`, called for "
        f"each: {one['transfers_a_second']:.1f})"
        for side, one in speed.items()
    ]
    return "\n".join(
        [
            _table("Films, the actor's photograph", found["self"]),
            _table("Films, another person's", found["cross"]),
            f"Of a photograph as a film in which nothing moves, {'; '.join(said)}.\n",
            f"Speed, in {processes} on {machine['cores']} cores, "
            f"{speed['256']['pictures']} pictures from file to file: {', '.join(fast)}.\n",
        ]
    )


def _table(title: str, methods: Mapping[str, Mapping[str, float]]) -> str:
    """A row for each method, a column for each number that any of them has."""
    cases = max(int(numbers["cases"]) for numbers in methods.values())
    columns = {
        name: (key, form)
        for name, (key, form) in _COLUMNS.items()
        if any(key in numbers for numbers in methods.values())
    }
    lines = [
        f"| {title}, {cases} cases | {' | '.join(columns)} |",
        f"| --- |{' --- |' * len(columns)}",
    ]
    for method, numbers in methods.items():
        cells = [
            f"{numbers[key]:{form}}" if key in numbers else "–" for key, form in columns.values()
        ]
        lines.append(f"| {_NAMES.get(method, method)} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
