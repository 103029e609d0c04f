"""A folder of results as the pipeline writes it, with invented numbers; no test itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fet_core.files import write_json, write_png, write_text
from fet_core.measure.comparable import TriplesDigest
from fet_core.measure.results import (
    METRICS,
    Compared,
    Scored,
    read_row,
    write_compared,
    write_list,
    write_row,
)

ALL = ("copy", "warp", "cgan", "pix2pix", "g2gan", "fet", "fet-plus", "truth")
EXPRESSIONS = ("neutral", "happy", "sad", "surprised", "angry", "fearful", "disgusted")
TRIPLES = TriplesDigest("0123456789abcdef", 160, 8, 96)
OTHERS = TriplesDigest("fedcba9876543210", 150, 7, 64)
SPREAD = {"ssim": 0.02, "psnr": 0.5, "identity": 0.03, "nme": 0.004}


def numbers(row: str, at: int) -> dict[str, Any]:
    """Means of one row in one protocol; `at` makes rows differ."""
    if row == "truth":
        perfect = {"ssim": 1.0, "psnr": 100.0, "identity": 0.0, "nme": 0.0}
        return perfect | {"verification": 1.0, "failures": 0.0, "expression": 0.925}
    return {
        "ssim": 0.694 + 0.0085 * at,
        "psnr": 19.1 + 0.31 * at,
        "identity": 0.31 + 0.02 * ((at * 3) % 5),
        "verification": 0.99 - 0.03 * ((at * 2) % 5),
        "nme": 0.071 - 0.005 * at,
        "failures": 0.0 if at < 2 else 0.00625 * (6 - at),
        "expression": 0.14 + 0.11 * at,
    }


def write_data_set(
    folder: Path,
    rows: tuple[str, ...] = ALL,
    figures: bool = True,
    triples: TriplesDigest = TRIPLES,
) -> None:
    """Rows, differences, error by expression, curves and figures of one data set."""
    protocols = ("transfer", "oracle")
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for at, row in enumerate(rows):
        plus = {"copy": 0, "truth": 0}.get(row, 1)
        scores = {p: numbers(row, at + n * plus) for n, p in enumerate(protocols)}
        if row == "cgan":
            del scores["oracle"]
        found[row] = scores
        told = Scored(triples, scores, {p: ends(s) for p, s in scores.items()})
        write_row(folder / f"{row}.json", told)
    for ours, file in (("fet", "differences.json"), ("fet-plus", "differences-plus.json")):
        if ours not in rows:
            continue
        compared = {
            row: {p: steps(found[ours][p], scores[p]) for p in scores}
            for row, scores in found.items()
            if row not in (ours, "truth")
        }
        write_compared(folder / file, Compared(triples, ours, compared))
    lines = [line | {"triples": triples.digest} for line in by_expression(found)]
    write_list(folder / "expressions.json", lines)
    for at, row in enumerate(("transfer", "pix2pix", "cgan", "g2gan", "transfer_plus")):
        if {"transfer": "fet", "transfer_plus": "fet-plus"}.get(row, row) in rows:
            write_curves(folder / f"train_{row}" / "plots" / "metrics", at)
    write_text(folder / "train_fusion/plots/metrics/test_l1.tsv", "step\ttest_l1\n1\t0.2\n")
    if figures:
        for name in ("figures/transfer", "figures/comparison", "models/models"):
            write_png(folder / f"{name}.png", np.full((20, 30, 3), 99, np.uint8))


def on_other_triples(folder: Path, *rows: str) -> None:
    """Make it so that some rows of a data set were scored on other triples than the others."""
    for row in rows:
        path = folder / f"{row}.json"
        write_row(path, replace(read_row(path), triples=OTHERS))


def ends(scores: dict[str, Any]) -> dict[str, Any]:
    """An interval of each number."""
    spread = {m.key: SPREAD.get(m.key, 0.03) for m in METRICS}
    made = {k: [scores[k] - s, scores[k] + s] for k, s in spread.items()}
    for share in ("verification", "failures", "expression"):
        made[share] = [max(0.0, made[share][0]), min(1.0, made[share][1])]
    return made


def steps(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Differences of each number."""
    made = {}
    for metric in METRICS:
        step, spread = ours[metric.key] - theirs[metric.key], SPREAD.get(metric.key, 0.03)
        made[metric.key] = {"difference": step, "low": step - spread, "high": step + spread}
    return made


def by_expression(found: dict[str, dict[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """The lines of expressions.json."""
    lines: list[dict[str, Any]] = []
    for model, scores in found.items():
        for protocol, means in scores.items():
            for at, expression in enumerate(EXPRESSIONS):
                shift = 0 if model == "truth" else 0.01 * ((at * 5) % 7 - 3)
                line: dict[str, Any] = {
                    "model": model,
                    "protocol": protocol,
                    "expression": expression,
                }
                line |= {"ssim": means["ssim"] - shift, "psnr": means["psnr"] - 10 * shift}
                line |= {"nme": means["nme"] + shift / 4, "read": means["expression"], "n": 20}
                lines.append(line)
    return lines


def write_curves(folder: Path, at: int) -> None:
    """SSIM and PSNR of every second of 18 epochs."""
    epochs = np.arange(2, 19, 2)
    for name, low, high in (("ssim", 0.62, 0.72 + 0.01 * at), ("psnr", 17.0, 20.5 - 0.4 * at)):
        values = high - (high - low) * np.exp(-epochs / (3 + at))
        lines = [f"{epoch}\t{value:.6f}" for epoch, value in zip(epochs, values, strict=True)]
        write_text(folder / f"{name}.tsv", "\n".join([f"step\t{name}", *lines]) + "\n")


def write_experiment(folder: Path) -> None:
    """One sweep."""
    points = [
        {
            "values": {"fusion.lambda1": a, "fusion.lambda3": b},
            "paper": (a, b) == (0.1, 100.0),
            "results": {"test_l1": 0.03 + a / 100 + 1 / b / 10, "ssim": None if a > 1 else 0.73},
        }
        for a in (0.01, 0.1, 10.0)
        for b in (10.0, 100.0)
    ]
    write_json(
        folder / "lambda.json",
        {
            "schema": 1,
            "name": "lambda",
            "title": "The weights of Φ's loss",
            "question": "Is the paper's λ a good choice <here>?",
            "dataset": "rafd",
            "size": 96,
            "settings": {"fusion.epochs": 18},
            "columns": ["fusion.lambda1", "fusion.lambda3"],
            "points": points,
            "answer": "A large λ₁ spoils the landmarks; the others hardly matter.",
        },
    )
