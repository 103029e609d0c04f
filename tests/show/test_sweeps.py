"""A grid's result: its table, its JSON form, and what is refused when it is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fake_results import numbers as numbers_of

from fet_core.errors import UserError
from fet_core.files import write_json
from fet_core.measure.comparable import TriplesDigest
from fet_core.measure.results import METRICS, Metric
from fet_core.show import tables
from fet_core.show.sweeps import SweepResult, collect, experiment_block, read, table, write

SMALL = (
    "Small trainings for this question alone: compare the lines with each other, not with other "
    "tables."
)


def result(**changes: Any) -> SweepResult:
    points = [
        {
            "values": {"fusion.lambda1": 0.0, "transfer.d_norm": "batch"},
            "paper": False,
            "results": {"test_l1": 0.10004, "ssim": 0.70041, "nme": None},
            "intervals": {"ssim": (0.69, 0.71)},
        },
        {
            "values": {"fusion.lambda1": 0.1, "transfer.d_norm": "spectral"},
            "paper": True,
            "results": {"test_l1": 0.1001, "ssim": 0.70012, "nme": 0.05},
            "intervals": {"ssim": (0.68, 0.72)},
        },
        {
            "values": {"fusion.lambda1": 10.0, "transfer.d_norm": "spectral"},
            "paper": False,
            "results": {"test_l1": 0.2, "ssim": 0.5, "nme": 0.04},
        },
    ]
    whole = {
        "name": "made",
        "title": "A title",
        "question": "What?",
        "dataset": "rafd",
        "size": 64,
        "settings": {"fusion.epochs": 6},
        "columns": ["fusion.lambda1", "transfer.d_norm"],
        "points": points,
        "answer": "This.",
    }
    return SweepResult.model_validate(whole | changes)


def test_the_table_marks_the_paper_and_the_best() -> None:
    assert table(result()) == (
        f"## A title\n\nWhat?\n\nrafd at 64×64; fusion.epochs 6. {SMALL} "
        "In brackets: 95% intervals, over people.\n\n"
        "| fusion.lambda1 | transfer.d_norm | L1 of J_gen ↓ | SSIM ↑ | NME ↓ |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| 0 | batch | **0.1000** | **0.700** [0.690, 0.710] | – |\n"
        "| 0.1 (paper) | spectral | 0.1001 | **0.700** [0.680, 0.720] | 0.0500 |\n"
        "| 10 | spectral | 0.2000 | 0.500 | **0.0400** |\n"
        "\nThis.\n"
    )


def test_a_table_without_size_intervals_and_answer() -> None:
    points = [
        {"values": {"align.size": size}, "paper": False, "results": {"fet.transfer.psnr": 20.0}}
        for size in (64, 96)
    ]
    made = result(points=points, columns=["align.size"], size=None, settings={}, answer=None)
    text = table(made)
    assert f"\n\nrafd. {SMALL}\n\n| align.size |" in text
    assert "| fet.transfer PSNR (dB) ↑ |" in text
    assert "95%" not in text
    # Where all read the same, none is best.
    assert text.endswith("| 64 | 20.00 |\n| 96 | 20.00 |\n")


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.key)
def test_a_number_reads_as_in_the_tables_of_the_data_sets(metric: Metric) -> None:
    numbers = numbers_of("copy", 0), numbers_of("fet", 1)
    keys = [f"fet.oracle.{metric.key}", metric.key]
    points = [
        {"values": {"x": at}, "paper": False, "results": dict.fromkeys(keys, found[metric.key])}
        for at, found in enumerate(numbers)
    ]
    block = experiment_block(result(points=points, columns=["x"]))
    rows = {name: {"transfer": found} for name, found in zip(("copy", "fet"), numbers, strict=True)}
    scores = tables.scores(
        tables.Results("rafd", rows, TriplesDigest("0" * 16, 8, 2, 96)), "transfer"
    )
    place = METRICS.index(metric)
    assert block.heads == (f"fet.oracle {scores.heads[place]}", scores.heads[place])
    for (_, here), (_, there) in zip(block.lines, scores.lines, strict=True):
        assert here == (there[place], there[place])


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.1, "0.1"), (10, "10"), (1e-05, "1e-05"), (True, "true"), (None, "null")],
)
def test_a_value_reads_as_in_yaml(value: Any, text: str) -> None:
    points = [{"values": {"x": value, "y": value}, "paper": True, "results": {"ssim": 0.5}}]
    made = result(points=points, columns=["x", "y"], settings={"z": value})
    assert f"; z {text}. " in table(made)
    assert table(made).splitlines()[-3].startswith(f"| {text} (paper) | {text} |")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    write(tmp_path, result())
    assert read(tmp_path / "made.json") == result()
    assert (tmp_path / "made.md").read_text(encoding="utf-8") == table(result())
    stored = json.loads((tmp_path / "made.json").read_text(encoding="utf-8"))
    assert stored["schema"] == 1
    assert stored["points"][0]["results"] == {"test_l1": 0.10004, "ssim": 0.70041, "nme": None}
    assert stored["points"][0]["intervals"] == {"ssim": [0.69, 0.71]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda whole: whole.update(schema=2), "schema: "),
        (lambda whole: whole.update(colour="red"), "colour: "),
        (lambda whole: whole.pop("title"), "title: "),
        (lambda whole: whole.update(points=[]), "points: "),
        (lambda whole: whole.update(columns=["fusion.lambda1"]), "the columns name"),
        (lambda whole: whole["points"][1]["results"].pop("nme"), "other results than the first"),
        (lambda whole: whole["points"][0].update(paper="false"), "0: paper: "),
        (lambda whole: whole["points"][0]["results"].update(nme="0.1"), "results: nme: "),
        (lambda whole: whole["points"][0]["results"].update(nme=True), "results: nme: "),
        (lambda whole: whole["points"][0]["results"].update(nme=float("nan")), "results: nme: "),
        (lambda whole: whole.update(size="96"), "size: "),
        (lambda whole: [p["results"].update(beauty=1) for p in whole["points"]], '"beauty"'),
    ],
)
def test_a_file_of_another_form_is_refused(change: Any, message: str, tmp_path: Path) -> None:
    write(tmp_path, result())
    path = tmp_path / "made.json"
    whole = json.loads(path.read_text(encoding="utf-8"))
    change(whole)
    path.write_text(json.dumps(whole), encoding="utf-8")
    with pytest.raises(UserError, match="is no result of a grid") as error:
        read(path)
    assert message in str(error.value)


def test_a_file_that_is_missing_or_no_json(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="run `fet study made` first"):
        read(tmp_path / "made.json")
    (tmp_path / "made.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match="it is no JSON"):
        read(tmp_path / "made.json")


def test_numbers_are_collected_with_their_intervals(tmp_path: Path) -> None:
    metrics = tmp_path / "job" / "metrics"
    means = {"transfer": {"ssim": 0.7, "nme": None}}
    intervals = {"transfer": {"ssim": [0.6, 0.8], "nme": None}}
    write_json(metrics / "fet.json", means | {"intervals": intervals})
    write_json(metrics / "warp.json", {"transfer": {"ssim": 0.5}, "intervals": {"transfer": {}}})
    assert collect("fet.transfer.ssim", [tmp_path, metrics]) == (0.7, (0.6, 0.8))
    assert collect("fet.transfer.nme", [tmp_path, metrics]) == (None, None)
    assert collect("warp.transfer.ssim", [tmp_path, metrics]) == (0.5, None)
    write_json(metrics / "train_fusion/metrics.json", {"test_l1": 0.1, "step": 4})
    assert collect("train_fusion.test_l1", [tmp_path, metrics]) == (0.1, None)
    for wrong in ("fet.oracle.ssim", "g2gan.transfer.ssim", "train_fusion.test_l2"):
        with pytest.raises(UserError, match=f"names {wrong}, but no stage wrote it"):
            collect(wrong, [tmp_path, metrics])
