"""A sweep's result: its table, its JSON form, and what is refused when it is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fet_core.errors import UserError
from fet_core.evaluation.sweeps import SweepResult, read, table, write


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
        "## A title\n\nWhat?\n\nrafd at 64×64; fusion.epochs 6.\n\n"
        "| `fusion.lambda1` | `transfer.d_norm` | test L1 ↓ | SSIM ↑ | NME ↓ |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| 0 | batch | **0.1000** | **0.700** [0.690, 0.710] | – |\n"
        "| 0.1 (paper) | spectral | 0.1001 | **0.700** [0.680, 0.720] | 0.0500 |\n"
        "| 10 | spectral | 0.2000 | 0.500 | **0.0400** |\n"
        "\nIn brackets: 95% intervals, over people.\n"
        "\nThis.\n"
    )


def test_a_table_without_size_intervals_and_answer() -> None:
    points = [
        {"values": {"align.size": size}, "paper": False, "results": {"fet.transfer.psnr": 20.0}}
        for size in (64, 96)
    ]
    made = result(points=points, columns=["align.size"], size=None, settings={}, answer=None)
    text = table(made)
    assert "\nrafd.\n" in text
    assert "| fet.transfer PSNR (dB) ↑ |" in text
    assert "95%" not in text
    assert text.endswith("| 96 | **20.00** |\n")


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
        (lambda whole: [p["results"].update(beauty=1) for p in whole["points"]], '"beauty"'),
    ],
)
def test_a_file_of_another_form_is_refused(change: Any, message: str, tmp_path: Path) -> None:
    write(tmp_path, result())
    path = tmp_path / "made.json"
    whole = json.loads(path.read_text(encoding="utf-8"))
    change(whole)
    path.write_text(json.dumps(whole), encoding="utf-8")
    with pytest.raises(UserError, match="is no result of a sweep") as error:
        read(path)
    assert message in str(error.value)


def test_a_file_that_is_missing_or_no_json(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="run `fet sweep` first"):
        read(tmp_path / "made.json")
    (tmp_path / "made.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match="it is no JSON"):
        read(tmp_path / "made.json")
