"""The tables: what is bold, what stands beside what, what is left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_results import ALL, OTHERS, TRIPLES, numbers, on_other_triples, write_data_set

from fet_core.measure.results import METRICS, read_row, write_row
from fet_core.paramsfile import load
from fet_core.show import tables
from fet_core.show.report import compact, short, table
from fet_core.show.tables import PAPER, Results, markdown
from pipeline.report import figures_of, results_of

METRIC = {metric.key: metric for metric in METRICS}


def scored(**rows: dict[str, Any]) -> Results:
    """Results in both protocols from a few numbers; the others are the same in all rows."""
    same = numbers("copy", 0)
    return Results(
        "demo, 96×96",
        {
            name: {"transfer": {**same, **row}, "oracle": {**same, **row}}
            for name, row in rows.items()
        },
        TRIPLES,
    )


def column(results: Results, key: str, protocol: str = "transfer") -> dict[str, tables.Cell]:
    at = [metric.key for metric in METRICS].index(key)
    return {name: cells[at] for name, cells in tables.scores(results, protocol).lines}


def cells(text: str) -> list[list[str]]:
    """The cells of every table line of a Markdown text."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in lines]


def test_the_best_is_bold_in_the_right_direction() -> None:
    results = scored(
        copy={"ssim": 0.7, "nme": 0.05, "identity": 0.2, "expression": 0.5},
        fet={"ssim": 0.8, "nme": 0.07, "identity": 0.4, "expression": 0.975},
    )
    winner = {
        key: [name for name, cell in column(results, key).items() if cell.bold] for key in METRIC
    }
    assert winner["ssim"] == winner["expression"] == ["fet"]
    assert winner["nme"] == winner["identity"] == ["copy"]
    assert winner["psnr"] == []
    assert column(results, "expression")["fet"].text == "97.5%"
    assert column(results, "nme")["copy"].text == "0.0500"


def test_the_truth_stands_last_and_never_competes() -> None:
    results = scored(truth={"ssim": 1.0}, fet={"ssim": 0.8}, copy={"ssim": 0.7})
    found = column(results, "ssim")
    assert list(found) == ["copy", "fet", "truth"]
    assert [cell.bold for cell in found.values()] == [False, True, False]


def test_what_reads_the_same_is_equally_good() -> None:
    found = column(
        scored(copy={"ssim": 0.80001}, warp={"ssim": 0.80004}, fet={"ssim": 0.1}), "ssim"
    )
    assert [cell.bold for cell in found.values()] == [True, True, False]


def test_rows_have_one_order() -> None:
    mixed = ["truth", "mine", "fet-plus", "fet", "g2gan", "pix2pix", "cgan", "warp", "copy"]
    assert tables.ordered(mixed) == [*reversed(mixed[2:]), "mine", "truth"]


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("ssim", 0.7664, "0.766"),
        ("psnr", 23.456, "23.46"),
        ("verification", 1.0, "100.0%"),
        ("psnr", -0.0000001, "0.00"),
        ("psnr", -1.234, "−1.23"),
        ("nme", None, "–"),
    ],
)
def test_a_number_as_shown(key: str, value: float | None, text: str) -> None:
    assert tables.shown(METRIC[key], value) == text


def test_an_undefined_number_is_a_dash_and_not_the_best() -> None:
    found = column(scored(copy={"nme": None}, warp={"nme": 0.02}, fet={"nme": 0.01}), "nme")
    assert found["copy"] == tables.Cell("–")
    assert found["fet"].bold


def test_a_row_without_a_protocol_is_left_out_of_its_block(tmp_path: Path) -> None:
    write_data_set(tmp_path)
    results = results_of(tmp_path, tmp_path / "no params")
    assert "cgan" in column(results, "ssim", "transfer")
    assert "cgan" not in column(results, "ssim", "oracle")
    assert cells(markdown(tables.summary(results)))[4][-2:] == ["–", "–"]


def test_the_whole_table(tmp_path: Path) -> None:
    folder = tmp_path / "rafd"
    write_data_set(folder)
    text = table(results_of(folder, tmp_path / "no params"))
    assert text.startswith("## rafd, 96×96\n\n160 triples of 8 people. In brackets: 95% intervals")
    lines = cells(text)
    assert lines[2][:2] == ["copy", "0.694 [0.674, 0.714]"]
    assert [line[0] for line in lines[2:10]] == [
        "copy", "warp", "cgan", "pix2pix", "g2gan", "fet", "fet-plus", "truth",
    ]  # fmt: skip
    assert ["CGAN", "0.554", "16.412", "0.711", "19.72"] in lines
    assert ["The proposed model", "0.801", "19.338", "0.737", "20.65"] in lines
    assert "**+0.043** [+0.022, +0.062]" in text
    # The newer model's differences come first; either is compared with the other.
    assert text.index("### fet-plus minus each row") < text.index("### fet minus each row")
    named = [line[0] for line in lines]
    assert named.count("fet-plus − fet") == named.count("fet − fet-plus") == 2
    assert named.count("fet-plus − cgan") == named.count("fet − cgan") == 1
    assert {len(line) for line in lines} == {8, 5}


def test_every_line_has_as_many_cells_as_its_head(tmp_path: Path) -> None:
    write_data_set(tmp_path)
    results = results_of(tmp_path, tmp_path / "no params")
    made = [tables.scores(results, "oracle"), tables.differences(results, "oracle")]
    for block in [*made, tables.summary(results)]:
        assert block is not None
        assert {len(line) for line in cells(markdown(block))} == {len(block.heads) + 1}


def test_a_difference_stands_out_where_its_interval_leaves_zero() -> None:
    found = {
        "ssim": {"difference": 0.02, "low": 0.01, "high": 0.03},
        "psnr": {"difference": 0.2, "low": -0.1, "high": 0.5},
        "nme": {"difference": 0.002, "low": 0.001, "high": 0.003},
        "verification": {"difference": 0.0, "low": 0.0, "high": 0.0},
        "failures": None,
    }
    results = Results(
        "t", {}, TRIPLES, differences={"copy": {"transfer": found}, "truth": {"transfer": found}}
    )
    block = tables.differences(results, "transfer")
    assert block is not None
    ((name, made),) = block.lines
    cell = dict(zip([metric.key for metric in METRICS], made, strict=True))
    assert name == "fet − copy"
    assert cell["ssim"] == tables.Cell("+0.020", "[+0.010, +0.030]", True, False)
    assert cell["psnr"] == tables.Cell("+0.20", "[−0.10, +0.50]", False, False)
    assert cell["nme"] == tables.Cell("+0.0020", "[+0.0010, +0.0030]", True, True)
    assert cell["verification"] == tables.Cell("0.0", "[0.0, 0.0]", False, False)
    assert cell["failures"] == cell["identity"] == tables.Cell("–")
    assert tables.differences(results, "oracle") is None


def test_every_number_has_its_title_its_unit_and_its_better_direction() -> None:
    block = tables.scores(scored(copy={}, fet={}), "transfer")
    assert block.heads == (
        "SSIM ↑",
        "PSNR (dB) ↑",
        "ID distance ↓",
        "verification rate ↑",
        "NME ↓",
        "detection failures ↓",
        "expression accuracy ↑",
    )


def test_the_papers_rows_are_its_tables_3_and_4() -> None:
    rows = scored(copy={}).rows
    text = table(Results("t", rows, TRIPLES, paper=PAPER["ckplus"]))
    assert "| The proposed model | 0.805 | 25.610 | – | – |" in text
    assert "| CGAN | 0.692 | 22.244 | – | – |" in text
    assert "| Pix2pix | 0.765 | 19.230 |" in table(Results("t", rows, TRIPLES, paper=PAPER["rafd"]))
    assert "paper" not in table(Results("t", rows, TRIPLES))


def test_the_short_table_has_intervals_for_two_numbers(tmp_path: Path) -> None:
    folder = tmp_path / "london"
    write_data_set(folder, ("copy", "warp", "fet", "truth"), figures=False)
    text = compact(results_of(folder, tmp_path / "no params"))
    lines = cells(text)
    assert text.startswith("### london, 96×96\n")
    assert lines[0][1:3] == ["SSIM ↑", "PSNR (dB) ↑"]
    assert lines[0][-2:] == ["oracle SSIM ↑", "oracle PSNR (dB) ↑"]
    assert [sum("[" in cell for cell in line) for line in lines[2:]] == [2, 2, 2, 2]
    assert "256×256" not in text


def test_the_params_say_which_paper_table(tmp_path: Path, repository: Path) -> None:
    for name in ("rafd", "mine"):
        write_data_set(tmp_path / name, ("copy", "fet"))
    known = results_of(tmp_path / "rafd", repository / "params.yaml")
    assert known.paper == PAPER["rafd"]
    other = results_of(tmp_path / "mine", repository / "params.yaml")
    assert (other.title, other.paper) == ("mine, 96×96", None)
    named = results_of(tmp_path / "mine", repository / "params.yaml", "rafd")
    assert (named.title, named.paper) == (known.title, PAPER["rafd"])


def test_params_in_the_folder_of_a_data_set_come_first(tmp_path: Path, repository: Path) -> None:
    folder = tmp_path / "rafd"
    write_data_set(folder, ("copy", "fet"))
    params = repository / "params.yaml"
    assert results_of(folder, params).paper == PAPER["rafd"]
    text = params.read_text(encoding="utf-8")
    mine = text.replace("  rafd:\n", "  rafd:\n    reader: london\n", 1)
    (folder / "params.yaml").write_text(mine, encoding="utf-8")
    assert results_of(folder, params).paper is None


def test_the_size_in_the_heading_is_that_of_the_results(tmp_path: Path, repository: Path) -> None:
    """Not that of the params, which may have changed since."""
    params = tmp_path / "params.yaml"
    text = (repository / "params.yaml").read_text(encoding="utf-8")
    params.write_text(text.replace("  size: 96 #", "  size: 192 #", 1), encoding="utf-8")
    assert load(params).align.size == 192
    for size in (96, 128):
        folder = tmp_path / str(size) / "rafd"
        write_data_set(folder, ("copy", "fet"), triples=replace(TRIPLES, size=size))
        assert results_of(folder, params).title == f"rafd, {size}×{size}"


def test_rows_of_other_triples_are_left_out_and_named(tmp_path: Path) -> None:
    folder = tmp_path / "rafd"
    write_data_set(folder)
    whole = results_of(folder, tmp_path / "no params")
    assert "Left out" not in table(whole)
    on_other_triples(folder, "pix2pix", "cgan")
    results = results_of(folder, tmp_path / "no params")
    said = (
        "Left out: cgan, pix2pix, which were scored on other triples; `make tables` (or "
        "`fet evaluate`) scores them on these."
    )
    kept = ["copy", "warp", "g2gan", "fet", "fet-plus", "truth"]
    for text, steps in ((table(results), True), (compact(results), False)):
        assert said in text.splitlines()
        named = {line[0] for line in cells(text)}
        assert {"cgan", "pix2pix", "fet − cgan", "fet-plus − pix2pix"} & named == set()
        assert ("fet-plus − g2gan" in named) == steps
    assert list(results.rows) == list(results.intervals) == kept
    assert {line["model"] for line in results.expressions} == set(kept)
    assert "| CGAN | 0.554 | 16.412 | – | – |" in table(results)
    # Without the rest it is one table again, of the others.
    for row in kept:
        (folder / f"{row}.json").unlink()
    others = results_of(folder, tmp_path / "no params")
    assert list(others.rows) == ["cgan", "pix2pix"]
    assert (others.triples, others.title) == (OTHERS, "rafd, 64×64")
    assert (others.differences, others.expressions) == ({}, [])


def test_differences_and_expressions_of_other_triples_are_left_out(tmp_path: Path) -> None:
    """As where everything was scored again, but not yet compared."""
    folder = tmp_path / "rafd"
    write_data_set(folder)
    on_other_triples(folder, *ALL)
    results = results_of(folder, tmp_path / "no params")
    assert list(results.rows) == list(ALL)
    assert (results.differences, list(results.more), results.expressions) == ({}, [], [])
    assert "minus each row" not in table(results)


def test_all_data_sets_in_one_short_table(tmp_path: Path) -> None:
    write_data_set(tmp_path / "rafd")
    write_data_set(tmp_path / "mine", ("copy", "fet"), triples=OTHERS)
    on_other_triples(tmp_path / "rafd", "g2gan")
    sets = [results_of(tmp_path / name, tmp_path / "no params") for name in ("mine", "rafd")]
    text = short(sets)
    lines = cells(text)
    assert lines[0] == ["", "mine, 64×64", "rafd, 96×96"]
    assert [line[0] for line in lines[2:]] == ["copy", "warp", "cgan", "pix2pix", "fet", "fet-plus"]
    assert lines[2] == ["copy", "0.694 / 19.10 / 14%", "0.694 / 19.10 / 14%"]
    assert lines[3][1] == "–"
    assert "rafd, 96×96: Left out: g2gan, which was scored on other triples" in text
    assert "mine, 64×64: Left out" not in text


def test_differences_and_expressions_of_earlier_results_are_left_out_and_told(
    tmp_path: Path,
) -> None:
    """As after `make tables` and then another training of `fet` alone."""
    folder = tmp_path / "rafd"
    write_data_set(folder)
    before = results_of(folder, tmp_path / "no params")
    assert not before.outdated
    assert (folder / "models/models.png") in figures_of(folder, before)
    scored = read_row(folder / "fet.json")
    means = {p: numbers | {"ssim": numbers["ssim"] + 0.01} for p, numbers in scored.means.items()}
    write_row(folder / "fet.json", replace(scored, means=means))
    after = results_of(folder, tmp_path / "no params")
    assert after.outdated
    assert after.rows["fet"] == means
    pairs = [(after.model, after.differences), *after.more]
    assert {(model, row) for model, rows in pairs for row in rows} == {
        ("fet-plus", row) for row in before.rows if row not in ("fet", "fet-plus", "truth")
    }
    assert {line["model"] for line in after.expressions} == set(before.rows) - {"fet"}
    assert "differences and numbers by expression that are of other results" in table(after)
    assert folder / "models/models.png" not in figures_of(folder, after)
