"""What the shipped FET+ reaches on the test triples of data sets, beside the FET+ of each set."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from fet_core import tables
from fet_core.data.dataset import Dataset
from fet_core.files import write_json
from fet_core.measure.comparable import PROTOCOLS
from fet_core.measure.methods import Method, plus_method, score
from fet_core.measure.triples import Triples
from fet_core.nets.plus_file import Plus, load_plus
from fet_core.nets.warping import Output
from fet_core.progress import track
from fet_core.recipes import fet_plus


def shipped_method(dataset: Dataset, plus: Plus) -> Method:
    """The shipped weights as a row; a grey photo is repeated to colour and the result averaged."""

    def transfer(photo: Tensor, points: Tensor, wanted: Tensor) -> Output:
        made = plus.transfer(photo.expand(-1, plus.channels, -1, -1), points, wanted)
        if dataset.channels == plus.channels:
            return made
        return made._replace(picture=made.picture.mean(1, keepdim=True))

    return plus_method(dataset, plus.fusion, transfer)


def main() -> None:
    """Score both on every data set named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="stage outputs, as data/rafd")
    parser.add_argument("--out", type=Path, default=Path("metrics/shipped/quality.json"))
    options = parser.parse_args()
    plus = load_plus()
    # Those of sets that are not named stay.
    found = json.loads(options.out.read_text("utf-8")) if options.out.is_file() else {}
    for folder in options.folders:
        samples = tables.read(folder / "augment" / "samples.parquet", tables.SAMPLES)
        table = tables.read(folder / "augment" / "triples.parquet", tables.TRIPLES)
        device = torch.device("cpu")
        dataset = Dataset.open(folder / "align" / "faces.npy", samples, device).by_mean()
        fusion = fet_plus.load_phi_plus(folder, dataset)
        transfer = fet_plus.load_warping(folder / "train_transfer_plus" / fet_plus.WEIGHTS, dataset)
        rows = {
            "shipped": shipped_method(dataset, plus),
            "trained on this set": plus_method(dataset, fusion, transfer),
        }
        triples = Triples.of(table, device)
        work = [(name, protocol) for name in rows for protocol in PROTOCOLS]
        scores: dict[str, dict[str, Any]] = {name: {} for name in rows}
        for name, protocol in track(work, f"score {folder.name}", unit="tables"):
            scores[name][protocol] = score(rows[name], dataset, triples, protocol, 16)
        found[f"{folder.name}, {dataset.size}×{dataset.size}"] = scores
    write_json(options.out, found)
    print(options.out.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
