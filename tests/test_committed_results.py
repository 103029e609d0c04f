"""Committed results belong to the committed code, params and README.

Where the pipeline was run, metrics/ holds what this machine found; then the last commit counts.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import subprocess
import tarfile
import tempfile
from functools import cache, reduce
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from fet_core.files import between_marks
from fet_core.show import benchmarks, exported, portraits, reliability
from fet_core.show.report import table
from pipeline.report import replicated, results_of, texts

TOP = Path(__file__).resolve().parents[1]
LOCKS = ("dvc.lock", "comparison/dvc.lock")
PUBLISHED = ("metrics", "docs", "README.md", "params.yaml", *LOCKS)
DATASETS = ["ckplus", "rafd", "london", "london-256"]
ROWS = ["copy", "warp", "cgan", "pix2pix", "g2gan", "fet", "fet-plus"]
NUMBERS = ["ssim", "psnr", "identity", "verification", "nme", "failures", "expression"]
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".npy")


@cache
def tree() -> Path:
    """The folder that holds what is published: this one, or a copy of the last commit."""
    changed = subprocess.run(
        ["git", "diff", "--quiet", "HEAD", "--", "metrics", *LOCKS], cwd=TOP, check=False
    )
    if changed.returncode != 1:
        return TOP
    command = ["git", "archive", "HEAD", *PUBLISHED]
    packed = subprocess.run(command, cwd=TOP, check=True, capture_output=True).stdout
    folder = Path(tempfile.mkdtemp(prefix="fet-published-"))
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def metrics() -> Path:
    return tree() / "metrics"


def read_yaml(path: Path) -> Any:
    return YAML(typ="safe").load(path)


@pytest.mark.parametrize("lock", LOCKS)
def test_the_lock_was_made_with_this_code_and_these_params(lock: str) -> None:
    """Where this fails: `dvc repro -P`, or `dvc commit` if the change cannot alter any result."""
    params = read_yaml(tree() / "params.yaml")
    wrong = set()
    for name, stage in read_yaml(tree() / lock)["stages"].items():
        for entry in stage["deps"] + stage.get("outs", []):
            path = (TOP if entry["path"].endswith(".py") else tree()) / entry["path"]
            if entry["md5"].endswith(".dir") or not path.is_file():
                continue
            if hashlib.md5(path.read_bytes()).hexdigest() != entry["md5"]:
                wrong.add(entry["path"])
        for dotted, value in stage.get("params", {}).get("params.yaml", {}).items():
            if reduce(lambda section, key: section[key], dotted.split("."), params) != value:
                wrong.add(f"{name}: {dotted}")
    assert not wrong


def result(dataset: str, file: str) -> Any:
    found = json.loads((metrics() / dataset / file).read_text(encoding="utf-8"))
    return found[0] if len(found) == 1 else found


def protocols(row: str) -> list[str]:
    return ["transfer"] if row == "cgan" else ["transfer", "oracle"]


@pytest.mark.parametrize("row", [*ROWS, "truth"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_metrics_have_the_fixed_form(dataset: str, row: str) -> None:
    scores = result(dataset, f"{row}.json")
    assert list(scores) == ["schema", "triples", *protocols(row), "intervals"]
    assert scores["schema"] == 4
    triples = scores["triples"]
    assert list(triples) == ["digest", "n", "people", "size"]
    assert triples["n"] >= 20
    assert triples["people"] >= 2
    assert triples == result(dataset, "truth.json")["triples"]
    for found in (scores[protocol] for protocol in protocols(row)):
        assert list(found) == NUMBERS
        assert 0 < found["ssim"] <= 1
        assert 5 < found["psnr"] <= 100
        for share in ("verification", "failures", "expression"):
            assert 0 <= found[share] <= 1


@pytest.mark.parametrize("row", [*ROWS, "truth"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_every_number_lies_in_its_interval(dataset: str, row: str) -> None:
    scores = result(dataset, f"{row}.json")
    intervals = scores["intervals"]
    assert list(intervals) == protocols(row)
    for protocol in protocols(row):
        assert list(intervals[protocol]) == NUMBERS
        for key, interval in intervals[protocol].items():
            if interval is not None:
                low, high = interval
                assert low - 1e-6 <= scores[protocol][key] <= high + 1e-6, (protocol, key)
        assert intervals[protocol]["ssim"] is not None


@pytest.mark.parametrize(
    ("model", "file"), [("fet", "differences.json"), ("fet-plus", "differences-plus.json")]
)
@pytest.mark.parametrize("dataset", DATASETS)
def test_differences_are_of_these_rows(dataset: str, model: str, file: str) -> None:
    found = result(dataset, file)
    assert (found["schema"], found["model"]) == (4, model)
    assert found["triples"] == result(dataset, "truth.json")["triples"]
    assert list(found["rows"]) == [row for row in ROWS if row != model]
    ours = result(dataset, f"{model}.json")
    for row, steps in found["rows"].items():
        other = result(dataset, f"{row}.json")
        assert list(steps) == protocols(row)
        for protocol, numbers in steps.items():
            for key in ("ssim", "psnr", "failures"):
                step = ours[protocol][key] - other[protocol][key]
                assert numbers[key]["difference"] == pytest.approx(step, abs=2e-6)


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_table_is_of_these_numbers(dataset: str) -> None:
    written = (metrics() / dataset / "table.md").read_text(encoding="utf-8")
    assert written == table(results_of(metrics() / dataset, tree() / "params.yaml"))


@pytest.mark.parametrize("dataset", DATASETS)
def test_numbers_by_expression_are_of_these_triples(dataset: str) -> None:
    lines = result(dataset, "expressions.json")
    truth = result(dataset, "truth.json")["triples"]
    assert {line["triples"] for line in lines} == {truth["digest"]}
    assert {line["model"] for line in lines} == {*ROWS, "truth"}


def test_no_two_data_sets_have_the_same_triples() -> None:
    assert len({result(name, "truth.json")["triples"]["digest"] for name in DATASETS}) == 4


@pytest.mark.parametrize("name", ["README.md", "docs/results.md"])
def test_the_published_tables_are_of_these_results(name: str) -> None:
    """Where this fails: `fet readme`, and commit what it changes."""
    pages = (tree() / "README.md", tree() / "docs/results.md")
    made = texts(metrics(), *pages, tree() / "params.yaml")
    assert made[tree() / name] == (tree() / name).read_text(encoding="utf-8")


def test_the_tables_of_whole_pictures_are_of_these_results() -> None:
    page = tree() / "docs/transfer.md"
    assert portraits.there(metrics())
    assert between_marks(page, portraits.tables(metrics())) == page.read_text(encoding="utf-8")


def test_the_tables_of_films_are_of_these_results() -> None:
    page = tree() / "docs/film.md"
    made = portraits.film_tables(metrics())
    assert between_marks(page, made) == page.read_text(encoding="utf-8")


def test_the_tables_of_the_replication_are_of_these_results() -> None:
    page = tree() / "docs/replication.md"
    made = replicated(metrics(), page, tree() / "params.yaml")
    assert made == page.read_text(encoding="utf-8")


def test_the_table_of_reliability_is_of_these_results() -> None:
    page = tree() / "docs/reliability.md"
    made = reliability.tables(metrics()) if reliability.there(metrics()) else ""
    assert between_marks(page, made) == page.read_text(encoding="utf-8")


def test_the_table_of_the_onnx_file_is_of_these_results() -> None:
    page = tree() / "docs/onnx.md"
    assert exported.there(metrics())
    assert between_marks(page, exported.tables(metrics())) == page.read_text(encoding="utf-8")


def test_the_tables_of_what_takes_time_are_of_these_results() -> None:
    page = tree() / "docs/benchmarks.md"
    assert benchmarks.there(metrics())
    assert between_marks(page, benchmarks.tables(metrics())) == page.read_text(encoding="utf-8")


def test_the_published_pictures_are_the_demos_and_are_there() -> None:
    published = {path.name for path in (tree() / "docs/pictures").iterdir()}
    # Of photographs there are curves and nothing else.
    assert all(name.endswith("curves.svg") for name in published if name.startswith("london"))
    kinds = {
        "ckplus",
        "rafd",
        "london",
        "transfer.jpg",
        "scenes.jpg",
        "expressions.jpg",
        "mouths.jpg",
        "wrong.jpg",
        "edit",
        "page.jpg",
        "animate.jpg",
    }
    assert {name.split("-")[0] for name in published} == kinds
    pages = (
        "README.md",
        *(f"docs/{name}.md" for name in ("results", "fet-plus", "transfer", "page")),
    )
    for page in pages:
        text = (tree() / page).read_text(encoding="utf-8")
        for link in re.findall(r"!\[[^]]*\]\(([^)]*)\)", text):
            assert (tree() / page).parent.joinpath(link).is_file(), (page, link)


def test_no_london_photograph_is_committed() -> None:
    for name in ("london", "london-256", "shipped"):
        assert not [path for path in (metrics() / name).rglob("*") if path.suffix in PICTURES]
    assert not [path for path in metrics().rglob("*") if path.suffix in (".jpg", ".jpeg")]
