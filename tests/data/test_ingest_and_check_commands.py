"""`fet ingest` and `fet check` as commands: params, folders, what is printed and written."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer
from PIL import Image
from ruamel.yaml import YAML
from typer.testing import CliRunner

from fet_core import tables
from fet_core.errors import UserError
from pipeline.prepare import ingest
from pipeline.tools import check

PARAMS = Path(__file__).parents[2] / "params.yaml"


@pytest.fixture
def params(tmp_path):
    """Writes a params file for the data sets given by keywords; gives its path."""

    def write(seed: int | str = 0, **datasets: dict) -> Path:
        yaml = YAML()
        values = yaml.load(PARAMS)
        values["datasets"] = datasets
        values["split"] = {"by": "subject", "test_share": 0.4, "seed": seed}
        values["ingest"] = {"max_reject_share": 0.2}
        path = tmp_path / "params.yaml"
        yaml.dump(values, path)
        return path

    return write


@pytest.fixture
def run():
    """Runs a command line on the two commands; a `UserError` comes through."""
    app = typer.Typer()
    app.command("ingest")(ingest)
    app.command("check")(check)

    def call(*words: object) -> str:
        result = CliRunner().invoke(app, [str(word) for word in words])
        if result.exception is not None:
            raise result.exception
        return result.output

    return call


def test_ingest_writes_both_tables(tmp_path, trees, params, run):
    raw, out = trees.ckplus(tmp_path / "raw", people=12), tmp_path / "out"
    (raw / "cohn-kanade-images/S001/001/S001_001_00000002.png").write_bytes(b"")
    path = params(ckplus={"root": str(raw), "peak_frames": 1})
    said = run("ingest", "--dataset", "ckplus", "--out", out, "--params", path)
    assert "119 pictures of 12 people, 1 left out" in said
    manifest = tables.read(out / "ingest" / "manifest.parquet", tables.MANIFEST)
    rejects = tables.read(out / "ingest" / "rejects.parquet", tables.REJECTS)
    assert (manifest.num_rows, rejects.num_rows) == (119, 1)
    assert manifest["expression"].to_pylist().count("happy") == 12
    names = sorted(path.name for path in (out / "ingest").iterdir())
    assert names == ["kind.json", "manifest.parquet", "rejects.parquet"]


def test_auto_takes_a_seed_and_keeps_it_beside_the_manifest(tmp_path, trees, params, run):
    raw, out = trees.rafd(tmp_path / "raw", people=6), tmp_path / "out"
    path = params(seed="auto", rafd={"root": str(raw)})
    said = run("ingest", "--dataset", "rafd", "--out", out, "--params", path)
    seed = json.loads((out / "ingest" / "split.json").read_text(encoding="utf-8"))["seed"]
    assert f"rafd: split.seed auto is {seed}\n" in said
    assert f"4 training, 2 test (split.seed: {seed})" in run(
        "check", "--dataset", "rafd", "--params", path
    )
    chosen = (out / "ingest" / "manifest.parquet").read_bytes()
    path = params(seed=seed, rafd={"root": str(raw)})
    assert "seed auto" not in run("ingest", "--dataset", "rafd", "--out", out, "--params", path)
    assert (out / "ingest" / "manifest.parquet").read_bytes() == chosen
    assert not (out / "ingest" / "split.json").exists()


def test_a_refused_split_names_a_seed_that_would_do(tmp_path, trees, params, run):
    raw = trees.rafd(tmp_path / "raw", people=6)
    seeds = iter(range(100))
    while True:
        path = params(seed=next(seeds), rafd={"root": str(raw)})
        try:
            run("ingest", "--dataset", "rafd", "--out", tmp_path / "out", "--params", path)
        except UserError as error:
            found = re.search(r"split\.seed: (\d+) gives 2 on the test side", str(error))
            assert found
            break
    path = params(seed=int(found[1]), rafd={"root": str(raw)})
    run("ingest", "--dataset", "rafd", "--out", tmp_path / "out", "--params", path)


def test_a_data_set_of_ones_own_name_with_a_reader(tmp_path, trees, params, run):
    raw, out = trees.rafd(tmp_path / "my faces", people=12), tmp_path / "out"
    path = params(mine={"root": "/nowhere", "reader": "rafd"})
    run("ingest", "--dataset", "mine", "--root", raw, "--out", out, "--params", path)
    manifest = tables.read(out / "ingest" / "manifest.parquet", tables.MANIFEST)
    assert set(manifest["dataset"].to_pylist()) == {"mine"}


def test_too_many_rejects_leave_their_list_and_no_manifest(tmp_path, trees, params, run):
    raw, out = trees.rafd(tmp_path / "raw", people=12), tmp_path / "out"
    path = params(rafd={"root": str(raw)})
    run("ingest", "--dataset", "rafd", "--out", out, "--params", path)
    assert (out / "ingest" / "manifest.parquet").exists()
    for picture in sorted(raw.iterdir())[:15]:
        picture.write_bytes(b"")
    listed = out / "ingest" / "rejects.parquet"
    with pytest.raises(UserError, match=f"15 of 36 pictures.*{re.escape(str(listed))}"):
        run("ingest", "--dataset", "rafd", "--out", out, "--params", path)
    assert tables.read(listed, tables.REJECTS).num_rows == 15
    assert not (out / "ingest" / "manifest.parquet").exists()


def test_nothing_is_written_into_the_raw_folder(tmp_path, trees, params, run):
    raw = trees.rafd(tmp_path / "raw", people=12)
    before = sorted(tmp_path.rglob("*"))
    path = params(rafd={"root": str(raw)})
    for out in (raw, raw / "out", raw / ".." / "raw" / "x"):
        with pytest.raises(UserError, match="inside the raw data"):
            run("ingest", "--dataset", "rafd", "--out", out, "--params", path)
    assert sorted(tmp_path.rglob("*")) == sorted([*before, path])


def test_an_unknown_data_set_and_a_missing_root(tmp_path, params, run):
    path = params(rafd={"root": str(tmp_path / "gone")})
    with pytest.raises(UserError, match='no data set "rafdd"'):
        run("ingest", "--dataset", "rafdd", "--params", path)
    for command in ("ingest", "check"):
        with pytest.raises(UserError, match=r"there is no folder .*gone"):
            run(command, "--dataset", "rafd", "--params", path)
    assert not (tmp_path / "data").exists()


def test_check_prints_a_plain_table_into_a_pipe(tmp_path, trees, params, run):
    raw = trees.ckplus(tmp_path / "raw [bold]", people=12)
    trees.emotion(raw / "Emotion", "S003", "001", "[red]")
    path = params(ckplus={"root": "/nowhere"})
    said = run("check", "--dataset", "ckplus", "--root", raw, "--params", path)
    assert said.isascii()
    assert "\x1b" not in said
    assert str(raw) in said
    for pattern in (
        r"\| people +\| 12 +\|",
        r"\| sequences +\| 24 +\|",
        r"\| pictures +\| 120 \(not opened",
        r"\| neutral +\| +12 \| +24 \| +24 \|",
        r"\| happy +\| +11 \| +11 \| +33 \|",
        r"\| sad +\| +0 \| +0 \| +0 \|",
        r"\| the emotion file does not hold a number \| +1 \|",
        r"- 1 of 24 sequences have no \(good\) emotion file",
    ):
        assert re.search(pattern, said), pattern


def test_check_opens_the_pictures_when_asked(tmp_path, trees, params, run):
    raw = trees.rafd(tmp_path / "raw", people=12)
    (raw / "Rafd090_02_Caucasian_male_angry_frontal.jpg").write_bytes(b"")
    path = params(rafd={"root": str(raw)})
    assert "left out | 0" in run("check", "--dataset", "rafd", "--params", path)
    said = run("check", "--dataset", "rafd", "--params", path, "--decode")
    assert "left out | 1" in said
    assert "| the file is empty |     1 | Rafd090_02" in said


@pytest.mark.parametrize(("limit", "left_out"), [(1, 2), (2, 0)])
def test_a_data_set_has_a_limit_of_its_own(limit, left_out, tmp_path, trees, params, run):
    raw = trees.rafd(tmp_path / "raw", people=6)
    for path in sorted(raw.iterdir())[:2]:
        Image.new("RGB", (800, 700)).save(path)
    path = params(rafd={"root": str(raw), "picture_mb": limit})
    words = ("--dataset", "rafd", "--params", path)
    said = run("ingest", *words, "--out", tmp_path / "out")
    assert f"{18 - left_out} pictures of 6 people, {left_out} left out" in said
    said = run("check", *words, "--decode")
    assert ("too large" in said) == (left_out > 0)
