"""The table of docs/onnx.md: FET+ in onnxruntime beside torch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

FILE = "shipped/onnx.json"


def there(metrics: Path) -> bool:
    """Whether a folder of results has what the table is made of."""
    return (metrics / FILE).is_file()


def tables(metrics: Path) -> str:
    """All in Markdown, from a folder of results in which it is `there`."""
    found = json.loads((metrics / FILE).read_text(encoding="utf-8"))
    names = list(next(iter(found["threads"].values())))
    side = found["side"]
    lines = [
        f"| CPU threads | {' | '.join(_heads(names))} |",
        f"| --- |{' --- |' * len(_heads(names))}",
    ]
    for threads, times in found["threads"].items():
        cells = [_cell(times[name]["milliseconds"], ".1f") for name in names]
        cells += [_cell(times[name]["over torch"], ".2f") for name in names[1:]]
        lines.append(f"| {threads} | {' | '.join(cells)} |")
    apart = "; ".join(f"{name}: {value:.2g}" for name, value in found["difference of 255"].items())
    told = (
        f"One picture of {side}×{side}: median (least to largest) of {found['rounds']} rounds in "
        "which all took turns; the quotients are of the same "
        f"round. Largest difference on {found['pictures']} demo pictures, in levels of 255: "
        f"{apart}. torch {found['torch']}, onnxruntime {found['onnxruntime']}, opset "
        f"{found['opset']}."
    )
    return "\n".join([*lines, "", told])


def _heads(names: list[str]) -> list[str]:
    first, *others = names
    shown = [f"{first}, ms", *(f"file for {name}, ms" for name in others)]
    return shown + [f"file for {name} / {first}" for name in others]


def _cell(spread: Mapping[str, float], form: str) -> str:
    median, low, high = (format(spread[name], form) for name in ("median", "min", "max"))
    return f"{median} ({low} to {high})"
