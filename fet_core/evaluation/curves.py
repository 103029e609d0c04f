"""SSIM and PSNR per epoch, read from the TSV files that a training writes."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

from fet_core.errors import UserError, remedy
from fet_core.registry import MODELS

CURVES = ("ssim", "psnr")
"""The numbers of the paper's Fig. 5 and 6."""


@dataclass(frozen=True)
class Curve:
    """One number over a training: epochs, counted from 1, and the value after each."""

    epochs: tuple[int, ...]
    values: tuple[float, ...]


def read_curve(path: Path) -> Curve:
    """Read a TSV file with the columns `step` (the epoch) and the file's own name.

    Raises:
        UserError: the file is missing, empty or damaged; the message names the file and the line.
    """
    again = f"{remedy(path)} again"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            head, *lines = csv.reader(file, delimiter="\t")
    except FileNotFoundError as error:
        raise UserError(f"there is no {path}; {remedy(path)} first") from error
    except (ValueError, csv.Error, OSError) as error:
        raise UserError(f"{path} cannot be read as a table; {again}") from error
    if "step" not in head or path.stem not in head:
        raise UserError(f'{path} has no columns "step" and "{path.stem}"; {again}')
    if not lines:
        raise UserError(f"{path} holds no epoch; {again}")
    at = head.index("step"), head.index(path.stem)
    epochs: list[int] = []
    values: list[float] = []
    for number, line in enumerate(lines, start=2):
        try:
            epoch, value = int(line[at[0]]), float(line[at[1]])
        except (ValueError, IndexError) as error:
            raise UserError(f"line {number} of {path} is no epoch and a number; {again}") from error
        if not math.isfinite(value) or (epochs and epoch <= epochs[-1]):
            raise UserError(f"line {number} of {path} is not finite or goes back in time; {again}")
        epochs.append(epoch)
        values.append(value)
    return Curve(tuple(epochs), tuple(values))


def read_curves(folder: Path) -> dict[str, dict[str, Curve]]:
    """The curves of all trainings of a data set.

    Args:
        folder: of the data set's small results, with `train_<model>/plots/metrics/*.tsv`;
            `train_transfer` is the paper's model, `train_transfer_plus` FET+.

    Returns:
        Row to "ssim" and "psnr" to curve. A training that watches neither (Φ's) is left out.
    """
    found: dict[str, dict[str, Curve]] = {}
    for training in sorted(folder.glob("train_*")):
        paths = [training / "plots" / "metrics" / f"{name}.tsv" for name in CURVES]
        curves = {path.stem: read_curve(path) for path in paths if path.is_file()}
        if curves:
            found[_row(training.name)] = curves
    return found


def _row(folder: str) -> str:
    """The model whose last part a stage trains; a stage of nobody's is called by its own name."""
    owners = {one.parts[-1].stage: one.name for one in MODELS if one.parts}
    return owners.get(folder, folder.removeprefix("train_").replace("_", "-"))
