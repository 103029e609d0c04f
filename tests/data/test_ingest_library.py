"""Ingest: a manifest of what can be used, a reject with a reason for everything else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fet_core import tables
from fet_core.data.disk import Entry, unique
from fet_core.data.ingest import Ingested, check_ingested, ingest
from fet_core.data.readers import make_reader
from fet_core.errors import UserError


def run(name: str, root: Path, rule, **options) -> Ingested:
    return ingest(name, make_reader(name), root, rule(), processes=1, **options)


def reasons(result: Ingested) -> dict[str, str]:
    return {row["path"]: row["reason"] for row in result.rejects.to_pylist()}


def snapshot(root: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in sorted(root.rglob("*"))
    }


def test_the_manifest(tmp_path, trees, rule):
    trees.ckplus(tmp_path, people=4)
    colour = tmp_path / "cohn-kanade-images/S002/001/S002_001_00000003.png"
    trees.picture(colour, "RGB")
    result = run("ckplus", tmp_path, rule)
    assert result.manifest.schema == tables.MANIFEST
    assert result.rejects.schema == tables.REJECTS
    assert (result.manifest.num_rows, result.rejects.num_rows) == (40, 0)
    rows = result.manifest.to_pylist()
    assert [row["sample_id"] for row in rows] == sorted(row["sample_id"] for row in rows)
    assert rows[1] == {
        "sample_id": "S001_001_00000002",
        "dataset": "ckplus",
        "subject": "S001",
        "sequence": "001",
        "frame": 2,
        "expression": None,
        "gaze": "frontal",
        "camera": "090",
        "path": "cohn-kanade-images/S001/001/S001_001_00000002.png",
        "width": 10,
        "height": 12,
        "channels": 1,
        "split": rows[0]["split"],
    }
    threes = [row["sample_id"] for row in rows if row["channels"] == 3]
    assert threes == ["S002_001_00000003"]


@pytest.mark.parametrize("name", ["ckplus", "rafd", "london"])
def test_nobody_is_on_both_sides_and_nothing_is_written(tmp_path, trees, rule, name):
    getattr(trees, name)(tmp_path, people=12)
    before = snapshot(tmp_path)
    result = run(name, tmp_path, rule)
    assert snapshot(tmp_path) == before
    sides: dict[str, set[str]] = {}
    for row in result.manifest.to_pylist():
        sides.setdefault(row["subject"], set()).add(row["split"])
    assert len(sides) == 12
    assert all(len(side) == 1 for side in sides.values())
    assert set().union(*sides.values()) == {"train", "test"}


def test_adding_a_person_moves_nobody(tmp_path, trees, rule):
    trees.rafd(tmp_path, people=10)
    before = run("rafd", tmp_path, rule).manifest.to_pylist()
    trees.rafd(tmp_path, people=14)
    after = {row["sample_id"]: row for row in run("rafd", tmp_path, rule).manifest.to_pylist()}
    assert len(after) > len(before)
    assert all(after[row["sample_id"]] == row for row in before)


def test_by_image_divides_a_persons_pictures(tmp_path, trees, rule):
    trees.rafd(tmp_path, people=6)
    split = rule(by="image", test_share=0.5)
    result = ingest("rafd", make_reader("rafd"), tmp_path, split, processes=1)
    sides = {(row["subject"], row["split"]) for row in result.manifest.to_pylist()}
    assert len(sides) > 6


def test_each_bad_picture_is_a_reject_and_nothing_else_is_lost(tmp_path, trees, rule):
    trees.rafd(tmp_path, people=5)
    whole = run("rafd", tmp_path, rule).manifest

    def name(number: int, expression: str = "sad") -> Path:
        return tmp_path / f"Rafd090_{number:02d}_Kid_female_{expression}_left.png"

    name(1).write_bytes(b"")
    name(2).write_bytes(trees.picture(tmp_path / "x.tmp.png").read_bytes()[:60])
    (tmp_path / "x.tmp.png").unlink()
    name(3).write_bytes(b"GET / HTTP/1.1")
    name(4, "glad").write_bytes(b"")
    result = run("rafd", tmp_path, rule)
    assert result.manifest.equals(whole)
    found = reasons(result)
    assert found[name(1).name] == "the file is empty"
    assert "truncated or damaged" in found[name(2).name]
    assert "not a PNG, JPEG or TIFF" in found[name(3).name]
    assert "expression is none of" in found[name(4, "glad").name]
    assert len(found) == 4
    stages = {(row["dataset"], row["stage"]) for row in result.rejects.to_pylist()}
    assert stages == {("rafd", "ingest")}


def test_odd_modes_are_kept(tmp_path, trees, rule):
    trees.rafd(tmp_path, people=1)
    grey = np.arange(120, dtype=np.uint8).reshape(12, 10)
    modes = {
        "sad": (Image.fromarray(grey.astype(np.uint16) * 257), "I;16", 1),
        "fearful": (Image.fromarray(grey).convert("RGBA"), "RGBA", 3),
        "disgusted": (Image.fromarray(grey).convert("P"), "P", 3),
        "surprised": (Image.fromarray(grey).convert("1"), "1", 1),
        "contemptuous": (Image.fromarray(grey).convert("LA"), "LA", 1),
    }
    for expression, (image, mode, _) in modes.items():
        assert image.mode == mode
        image.save(tmp_path / f"Rafd090_01_Kid_male_{expression}_frontal.png")
    result = run("rafd", tmp_path, rule)
    assert result.rejects.num_rows == 0
    rows = {row["expression"]: row for row in result.manifest.to_pylist()}
    for expression, (_, _, channels) in modes.items():
        assert rows[expression]["channels"] == channels
        assert (rows[expression]["width"], rows[expression]["height"]) == (10, 12)


def test_size_is_that_of_the_upright_picture(tmp_path, trees, rule):
    trees.rafd(tmp_path, people=1)
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "Rafd090_01_Caucasian_male_angry_frontal.jpg"
    Image.new("RGB", (30, 20)).save(path, exif=exif)
    rows = {row["path"]: row for row in run("rafd", tmp_path, rule).manifest.to_pylist()}
    assert (rows[path.name]["width"], rows[path.name]["height"]) == (20, 30)


def test_two_files_of_one_id(tmp_path, trees, rule):
    trees.rafd(tmp_path, people=1)
    twin = tmp_path / "Rafd090_01_Caucasian_male_angry_frontal.png"
    trees.picture(twin, "RGB")
    result = run("rafd", tmp_path, rule)
    assert result.manifest.num_rows == 3
    assert "another picture has the same sample id" in reasons(result)[twin.name]
    assert "Rafd090_01_Caucasian_male_angry_frontal.jpg" in reasons(result)[twin.name]


def test_unique_does_not_depend_on_the_order():
    def entry(sample_id: str, path: str) -> Entry:
        return Entry(sample_id, path, "s", "", 0, None, "frontal", "090")

    entries = [entry("b", "1"), entry("a", "3"), entry("a", "2")]
    kept, rejects = unique(entries)
    assert [(e.sample_id, e.path) for e in kept] == [("a", "2"), ("b", "1")]
    assert [reject.path for reject in rejects] == ["3"]
    assert unique(entries[::-1]) == (kept, rejects)


def test_worker_processes_give_the_same_tables(tmp_path, trees, rule):
    trees.ckplus(tmp_path, people=4)
    (tmp_path / "cohn-kanade-images/S001/001/S001_001_00000002.png").write_bytes(b"")
    alone = run("ckplus", tmp_path, rule)
    together = ingest("ckplus", make_reader("ckplus"), tmp_path, rule(), processes=2)
    assert together.manifest.equals(alone.manifest)
    assert together.rejects.equals(alone.rejects)
    assert alone.rejects.num_rows == 1


def refused(result: Ingested, root: Path, rule, share: float) -> str:
    with pytest.raises(UserError) as caught:
        check_ingested(result, root, share, Path("out/rejects.parquet"))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_too_many_rejects(tmp_path, trees, rule):
    trees.rafd(tmp_path, people=12)
    for number in (1, 2, 3):
        (tmp_path / f"Rafd090_{number:02d}_Caucasian_male_angry_frontal.jpg").write_bytes(b"")
    trees.picture(tmp_path / "Rafd090_01_Kid_male_glad_left.jpg", "RGB")
    result = run("rafd", tmp_path, rule)
    text = refused(result, tmp_path, rule, 0.1)
    assert f"4 of 37 pictures in {tmp_path} cannot be used" in text
    assert "max_reject_share = 0.1" in text
    assert "3 of them as Rafd090_01_Caucasian_male_angry_frontal.jpg (the file is empty)" in text
    assert "out/rejects.parquet" in text
    check_ingested(result, tmp_path, 4 / 37, Path("x"))


def test_many_bad_labels_do_not_hide_among_the_pictures(tmp_path, trees, rule):
    trees.ckplus(tmp_path, people=12, frames=20)
    for number in range(1, 4):
        trees.emotion(tmp_path / "Emotion", f"S{number:03d}", "001", "?", frame=20)
    result = run("ckplus", tmp_path, rule)
    assert result.manifest.num_rows == 480
    text = refused(result, tmp_path, rule, 0.1)
    assert "3 of 24 emotion files" in text
    assert "does not hold a number" in text
    check_ingested(result, tmp_path, 0.125, Path("x"))


def test_nothing_usable(tmp_path, trees, rule):
    trees.rafd(tmp_path, people=2)
    for path in tmp_path.iterdir():
        path.write_bytes(b"")
    text = refused(run("rafd", tmp_path, rule), tmp_path, rule, 1.0)
    assert "6 of 6 pictures" in text
    assert "none is left" in text


def test_fewer_people_than_a_split_needs(tmp_path, trees, rule):
    result = run("rafd", trees.rafd(tmp_path, people=2), rule)
    assert "of 2 in all, where each side needs 2" in refused(result, tmp_path, rule, 0.1)
