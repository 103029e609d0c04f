"""The tables of docs/benchmarks.md: what takes time, beside the scripts that people use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = "bench"

QUESTIONS = ("raw", "readings", "training", "similarity", "evaluate", "transfer", "start", "memory")
"""Names of the files, in the order in which they are shown."""

_APART = {
    "ssim_apart_at_most": "SSIM apart by {} at most",
    "psnr_apart_at_most": "PSNR by {}",
    "share_outside": "{} of the time outside of networks and optimizers",
    "pictures": "{} pictures",
    "peak_mb": "{} MB at most in all processes",
    "pictures_a_second": "{} pictures a second",
    "million_pictures_h": "{} hours for a million",
}
"""Further figures of an entry, and how they are told."""


def there(metrics: Path) -> bool:
    """Whether a folder of results has any of the files that the tables are made of."""
    return any((metrics / FOLDER / f"{name}.json").is_file() for name in QUESTIONS)


def tables(metrics: Path) -> str:
    """All in Markdown, from a folder of results in which some are `there`."""
    files = [metrics / FOLDER / f"{name}.json" for name in QUESTIONS]
    found = [json.loads(path.read_text(encoding="utf-8")) for path in files if path.is_file()]
    return "\n\n".join([*map(_table, found), _made_with(found)])


def _table(found: Mapping[str, Any]) -> str:
    lines = [
        f"**{found['question']}**",
        "",
        "| | reference | here | ratio | to reach | besides |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for case, entry in found["cases"].items():
        cells = [_spread(entry.get(key)) for key in ("reference_s", "ours_s", "ratio")]
        cells += [entry.get("target", "–"), _besides(entry)]
        lines.append(f"| {case} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _spread(values: Mapping[str, float] | None) -> str:
    if values is None:
        return "–"
    median, low, high = (f"{values[name]:.3g}" for name in ("median", "min", "max"))
    return f"{median} ({low} to {high})"


def _besides(entry: Mapping[str, Any]) -> str:
    told = [text.format(f"{entry[key]:.4g}") for key, text in _APART.items() if key in entry]
    agreed = entry.get("agreement", ())
    if agreed:
        ours, theirs = (
            sum(one[key] for one in agreed) for key in ("of_them_ours", "reference_faces")
        )
        apart = [100 * one["mean_of_readings_apart"] for one in agreed]
        told.append(f"{ours} of its {theirs} faces, points apart by {sum(apart) / len(apart):.1f}%")
    return "; ".join(told)


def _made_with(found: list[Mapping[str, Any]]) -> str:
    machines = {(one["machine"]["cpu"], one["machine"]["cores"]) for one in found}
    told = "; ".join(f"{cores} cores of {cpu}" for cpu, cores in sorted(machines))
    versions = found[0]["machine"]["versions"]
    named = ", ".join(f"{name} {versions[name]}" for name in ("torch", "dlib-bin", "numpy"))
    return f"Median (least to largest) of the rounds of one run, in seconds; {told}; {named}."
