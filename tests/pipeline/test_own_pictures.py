"""Pictures of one's own, laid out in every way that is read, from the folder to the tables."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from ruamel.yaml import YAML

from fet_core import tables
from fet_core.data.readers import Kind
from fet_core.paramsfile import dump_yaml
from pipeline.cli import main
from pipeline.prepare import merge

TOP = Path(__file__).resolve().parents[2]
DEMO = TOP / "data" / "demo" / "rafd"
SMALL: dict[str, dict[str, Any]] = {
    "split": {"test_share": 0.4, "seed": "auto"},
    "align": {"size": 32},
    "landmarks": {"readings": 1},
    "augment": {"max_triples": 6},
    "fusion": {"size": 32, "width": 4, "d_width": 4, "epochs": 1, "grids": 1},
    "transfer": {"width": 4, "d_width": 4, "epochs": 1, "grids": 1},
    "evaluate": {"figure_columns": 2, "figure_train_targets": 1, "figure_test_targets": 1},
}
EXPRESSIONS = ("neutral", "happy", "surprised")
WORDS = {"neutral": "Neutral", "happy": "smile_01", "surprised": "surprise2"}


def lay_out(root: Path) -> None:
    """Seven people: three as folders, two by name, two in faces.csv; one is without a neutral face.

    A grey picture is among them, one that lies on its side, one that no name explains, and litter.
    """
    people = sorted({path.name.split("_")[1] for path in DEMO.glob("Rafd090_*.jpg")})[:7]
    lines = ["file,person,expression"]
    for number, person in enumerate(people):
        for expression in EXPRESSIONS:
            (path,) = DEMO.glob(f"Rafd090_{person}_*_{expression}_frontal.jpg")
            if number < 3:
                copy = root / f"p{person}" / f"{WORDS[expression]}.jpg"
            elif number < 5:
                copy = root / f"p{person}_{WORDS[expression]}.jpg"
            else:
                copy = root / "camera" / "roll" / f"IMG_{len(lines):04d}.jpg"
                lines.append(f"{copy.relative_to(root)},p{person},{expression}")
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    (root / "faces.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (root / f"p{people[0]}" / "Neutral.jpg").unlink()
    grey = root / f"p{people[1]}" / "smile_01.jpg"
    Image.open(grey).convert("L").save(grey)
    lying = root / f"p{people[2]}" / "smile_01.jpg"
    side = Image.Exif()
    side[0x0112] = 6
    Image.open(lying).rotate(90, expand=True).save(lying, exif=side)
    shutil.copy(grey, root / "IMG_9.jpg")
    (root / ".DS_Store").write_bytes(b"x")


class Own:
    """A folder with pictures and a params file, in which commands are run on the set `mine`."""

    def __init__(self, folder: Path) -> None:
        self.work, self.tables = folder / "mine", folder / "tables"
        self._checkpoints, self._params = folder / "checkpoints", folder / "params.yaml"
        raw = folder / "my faces"
        raw.mkdir()
        lay_out(raw)
        self._values = YAML(typ="safe").load(TOP / "params.yaml")
        self._values["datasets"] = {"mine": {"root": str(raw), "reader": "folder"}}
        for section, values in SMALL.items():
            self._values[section].update(values)

    def run(self, *words: str, shown: Sequence[str] | None = None) -> str:
        """Run a command that ends well; gives what it prints.

        Args:
            words: the command.
            shown: who may be shown in figures, None for what no word is said of.
        """
        self._values["figures"] = {"subjects": {} if shown is None else {"mine": [*shown]}}
        self._params.write_text(dump_yaml(self._values), encoding="utf-8")
        options = ["--params", str(self._params)]
        options += ["--dataset", "mine"] if words[0] != "show" else ["--metrics", str(self.tables)]
        if words[0] not in ("ingest", "check", "show"):
            options += ["--in", str(self.work)]
        if words[0] not in ("check", "show"):
            options += ["--out", str(self.work)]
        if words[0] == "train":
            options += ["--checkpoints", str(self._checkpoints)]
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as said:
            patch.setattr(sys, "argv", ["fet", *words, *options])
            with pytest.raises(SystemExit) as stopped:
                main()
        assert (stopped.value.code or 0) == 0, words
        return said.getvalue()


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Own:
    """After all stages of the paper's model."""
    if not DEMO.is_dir():
        pytest.skip("data/demo/rafd is not there")
    pytest.importorskip("dlib", reason="dlib is not installed")
    made = Own(tmp_path_factory.mktemp("own"))
    for stage in ("ingest", "grayscale", "align", "landmarks", "augment", "truths"):
        made.run(stage)
    made.run("train", "fet/fusion")
    made.run("train", "fet/transfer")
    made.run("evaluate")
    return made


def test_check_says_what_it_understood(own: Own) -> None:
    said = own.run("check")
    for pattern in (
        r"\| people +\| 7 ",
        r"\| pictures +\| 20 \(not opened",
        r"by faces\.csv: 6, e\.g\. camera/roll/IMG_0001\.jpg is p\d+, neutral",
        r"by person/expression: 8, e\.g\. p\d+/smile_01\.jpg is p\d+, happy",
        r"by person_expression: 6, e\.g\. p\d+_Neutral\.jpg is p\d+, neutral",
        r"words: smile as happy \(5\), surprise as surprised \(5\)",
        r"\| in figures +\| nobody; list those who agreed under figures\.subjects",
        r"\| the name has no word for an expression +\| +1 \| IMG_9\.jpg",
        r"- 1 of 7 people lack expressions: p\d+ \(neutral\)",
    ):
        assert re.search(pattern, said), pattern
    assert said.isascii()
    # What faces.csv names lies deeper, and is read.
    assert "not looked through" not in said


def test_every_picture_goes_through_and_one_is_left_out(own: Own) -> None:
    manifest = tables.read(own.work / "ingest/manifest.parquet", tables.MANIFEST)
    assert manifest.num_rows == 20
    assert sorted(set(manifest["channels"].to_pylist())) == [1, 3]
    rejects = tables.read(own.work / "ingest/rejects.parquet", tables.REJECTS).to_pylist()
    assert [row["path"] for row in rejects] == ["IMG_9.jpg"]
    frames = tables.read(own.work / "grayscale/frames.parquet", tables.FRAMES).to_pylist()
    converted = [row for row in frames if row["source"] == "converted"]
    assert [row["conversion"] for row in converted] == ["turned upright"]
    assert (own.work / "grayscale" / converted[0]["path"]).is_file()
    assert np.load(own.work / "align/faces.npy").shape == (20, 32, 32, 3)
    triples = tables.read(own.work / "augment/triples.parquet", tables.TRIPLES)
    assert triples.num_rows == 6


def test_the_table_has_its_rows(own: Own) -> None:
    for row in ("copy", "warp", "fet", "truth"):
        (numbers,) = json.loads((own.work / f"metrics/{row}.json").read_text(encoding="utf-8"))
        assert numbers["triples"]["n"] == 6
    shutil.copytree(own.work / "metrics", own.tables / "mine")
    said = own.run("show")
    assert "mine, 32×32" in said
    for row in ("copy", "warp", "fet"):
        assert re.search(rf"^\W*{row}\W+[\d.]+", said, re.M), row


def test_nobody_is_shown_but_those_who_are_listed(own: Own) -> None:
    assert not list((own.work / "metrics").rglob("*.png"))
    triples = tables.read(own.work / "augment/triples.parquet", tables.TRIPLES).to_pylist()
    both = (triples[0]["source_subject"], triples[0]["target_subject"])
    own.run("evaluate", shown=both)
    assert (own.work / "metrics/figures/comparison.png").is_file()
    assert f"in figures | {', '.join(both)}" in own.run("check", shown=both)
    own.run("evaluate")
    assert not list((own.work / "metrics").rglob("*.png"))


def test_among_others_they_stay_private(own: Own, tmp_path: Path) -> None:
    twin = tmp_path / "twin"
    for stage in ("align", "augment"):
        shutil.copytree(own.work / stage, twin / stage)
    Kind("rafd", False).write(twin / "augment" / "kind.json")
    merge(parts=[twin, own.work], out=tmp_path / "both")
    assert Kind.read(tmp_path / "both" / "augment" / "kind.json").private
