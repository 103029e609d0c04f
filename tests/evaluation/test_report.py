"""The table: the best of each column is bold, the paper's rows stand apart."""

from __future__ import annotations

from fet_core.evaluation.report import PAPER, table

SCORES = {
    "copy": {
        "transfer": {"ssim": 0.7004, "psnr": 21.25, "n": 30},
        "oracle": {"ssim": 0.7004, "psnr": 21.25, "n": 30},
    },
    "fet": {
        "transfer": {"ssim": 0.8, "psnr": 20.0, "n": 30},
        "oracle": {"ssim": 0.85, "psnr": 24.126, "n": 30},
    },
}


def test_the_best_of_each_column_is_bold() -> None:
    lines = table("demo, 96×96", SCORES, None).splitlines()
    assert lines[0] == "## demo, 96×96"
    assert lines[4] == "| copy | 0.700 | **21.25** | 0.700 | 21.25 | 30 |"
    assert lines[5] == "| fet | **0.800** | 20.00 | **0.850** | **24.13** | 30 |"
    assert len(lines) == 6


def test_every_line_has_as_many_cells_as_the_head() -> None:
    lines = table("t", SCORES, PAPER["rafd"]).splitlines()
    ours = [line.count("|") for line in lines[2:6]]
    paper = [line.count("|") for line in lines if line.startswith("|")][4:]
    assert set(ours) == {7}
    assert set(paper) == {4}


def test_the_papers_rows_are_its_tables_3_and_4() -> None:
    text = table("t", SCORES, PAPER["ckplus"])
    assert "| The proposed model | 0.805 | 25.610 |" in text
    assert "| CGAN | 0.692 | 22.244 |" in text
    assert "| Pix2pix | 0.765 | 19.230 |" in table("t", SCORES, PAPER["rafd"])
    assert "paper" not in table("t", SCORES, None)
