"""A raw folder with every kind of odd picture: each is converted or a row with its reason."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fet_core import tables
from fet_core.errors import UserError
from pipeline.prepare import align, grayscale, ingest, landmarks

TOP = Path(__file__).resolve().parents[2]
DEMO = TOP / "data" / "demo" / "rafd"

pytestmark = pytest.mark.skipif(not DEMO.is_dir(), reason="data/demo/rafd is not there")


def params(folder: Path, channels: int = 3, share: float = 0.9) -> Path:
    """The demo's params with one data set; every second person is a test person."""
    text = (TOP / "params.yaml").read_text(encoding="utf-8")
    start, end = text.index("datasets:"), text.index("figures:")
    dataset = f"datasets:\n  rafd:\n    root: nowhere\n    channels: {channels}\n\n"
    text = text[:start] + dataset + text[end:]
    text = text.replace("max_reject_share: 0.2", f"max_reject_share: {share}")
    text = text.replace("test_share: 0.2", "test_share: 0.5")
    text = text.replace("datasets: [ckplus, rafd]", "datasets: [rafd]")
    path = folder / "params.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Eight people's neutral faces, and pictures made from the first that are odd in some way."""
    root = tmp_path / "Bilder für Ω"
    root.mkdir()
    paths = sorted(DEMO.glob("Rafd090_*_neutral_frontal.jpg"))[:8]
    for path in paths:
        shutil.copy(path, root / path.name)
    first = Image.open(paths[0])
    stem = paths[0].stem

    def save(picture: Image.Image, expression: str) -> None:
        picture.save(root / f"{stem.replace('neutral', expression)}.png")

    save(first.convert("RGBA"), "happy")
    save(first.convert("P", palette=Image.Palette.ADAPTIVE), "sad")
    save(Image.fromarray(np.asarray(first.convert("L")).astype(np.uint16) * 257), "angry")
    rng = np.random.default_rng(0)
    save(Image.fromarray(rng.integers(0, 256, (300, 300, 3), dtype=np.uint8)), "fearful")
    save(Image.fromarray(np.hstack([np.asarray(first)] * 2)), "surprised")
    whole = (root / paths[1].name).read_bytes()
    (root / paths[1].name.replace("neutral", "happy")).write_bytes(whole[: len(whole) // 2])
    (root / paths[1].name.replace("neutral", "sad")).write_bytes(b"")
    (root / paths[1].name.replace("neutral", "smug")).write_bytes(whole)
    return root


def test_each_odd_picture_is_converted_or_a_row_with_its_reason(raw: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in raw.iterdir()}
    work, config = tmp_path / "work", params(tmp_path)
    ingest("rafd", raw, work, config)
    grayscale("rafd", raw, work, work, config)
    align("rafd", raw, work, work, config)
    landmarks("rafd", raw, work, work, config)
    assert {path.name: path.read_bytes() for path in raw.iterdir()} == before

    rejects = tables.read(work / "ingest" / "rejects.parquet", tables.REJECTS).to_pylist()
    reasons = {row["path"].split("_")[4]: row["reason"] for row in rejects}
    assert set(reasons) == {"happy", "sad", "smug"}
    assert "truncated" in reasons["happy"]
    assert "empty" in reasons["sad"]
    assert "expression" in reasons["smug"]

    frames = tables.read(work / "grayscale" / "frames.parquet", tables.FRAMES).to_pylist()
    conversions = {row["sample_id"].split("_")[4]: row["conversion"] for row in frames}
    assert "alpha" in conversions["happy"]
    assert "palette" in conversions["sad"]
    assert "16-bit" in conversions["angry"]
    assert conversions["neutral"] == ""

    faces = tables.read(work / "align" / "faces.parquet", tables.FACES).to_pylist()
    missing = {r["sample_id"].split("_")[4]: r["reason"] for r in faces if r["row"] is None}
    assert missing["fearful"] == "no face found"
    assert missing["surprised"].startswith("2 faces found")
    assert set(missing) == {"fearful", "surprised"}
    assert np.load(work / "align" / "faces.npy").shape[0] == len(faces) - 2

    # The converted pictures show what the original shows.
    pictures = np.load(work / "align" / "faces.npy").astype(float)
    row = {r["sample_id"].split("_")[4]: r["row"] for r in faces if "_01_" in r["sample_id"]}
    plain = pictures[row["neutral"]]
    assert np.abs(pictures[row["happy"]] - plain).mean() < 3
    grey = plain @ [0.299, 0.587, 0.114]
    assert np.abs(pictures[row["angry"]][..., 0] - grey).mean() < 3


def test_colour_becomes_grey_where_the_data_set_is_grey(raw: Path, tmp_path: Path) -> None:
    work, config = tmp_path / "work", params(tmp_path, channels=1)
    ingest("rafd", raw, work, config)
    grayscale("rafd", raw, work, work, config)
    align("rafd", raw, work, work, config)
    assert np.load(work / "align" / "faces.npy").shape[3] == 1


def test_too_many_pictures_without_a_face_end_the_stage(raw: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for path in sorted(raw.glob("*_neutral_*"))[:6]:
        Image.fromarray(rng.integers(0, 256, (300, 300, 3), dtype=np.uint8)).save(path)
    work, config = tmp_path / "work", params(tmp_path, share=0.3)
    ingest("rafd", raw, work, config)
    grayscale("rafd", raw, work, work, config)
    with pytest.raises(UserError, match=r"no face found.*faces\.parquet lists them all"):
        align("rafd", raw, work, work, config)
    faces = tables.read(work / "align" / "faces.parquet", tables.FACES)
    assert faces["reason"].null_count < faces.num_rows


def test_an_output_folder_inside_the_raw_data_is_refused(raw: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="inside the raw data"):
        ingest("rafd", raw, raw / "work", params(tmp_path))
    assert not (raw / "work").exists()
