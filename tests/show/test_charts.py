"""Charts and the curves behind them: the same bytes, all rows, no colour of their own for text."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from fake_results import ALL, EXPRESSIONS, by_expression, numbers, write_data_set

from fet_core.errors import UserError
from fet_core.registry import INK
from fet_core.show.charts import (
    COLOURS,
    Curve,
    beside,
    curve_chart,
    expression_chart,
    read_curve,
    read_curves,
)

CURVES = {
    "fet": {"ssim": Curve((1, 2, 3), (0.5, 0.6, 0.7)), "psnr": Curve((1, 2), (17.0, 18.0))},
    "pix2pix": {"ssim": Curve((2, 4), (0.55, 0.65))},
}
LINES = by_expression({row: {"transfer": numbers(row, at)} for at, row in enumerate(ALL)})


def texts(svg: str) -> list[str]:
    return ["".join(e.itertext()) for e in ElementTree.fromstring(svg).iter() if "text" in e.tag]


def test_a_chart_is_the_same_bytes_each_time_and_has_no_date() -> None:
    once, again = (curve_chart("a", "ssim", CURVES) for _ in range(2))
    assert once is not None
    assert once == again
    assert not re.search(r"20\d\d-\d\d|metadata|[Mm]atplotlib v", once)
    assert expression_chart("b", "nme", LINES) == expression_chart("b", "nme", LINES)


def test_all_trained_rows_are_in_one_chart() -> None:
    svg = curve_chart("a", "ssim", CURVES)
    assert svg is not None
    assert {"fet", "pix2pix", "epochs (the truth of each triple once)", "SSIM"} <= set(texts(svg))
    assert COLOURS["fet"] in svg
    assert COLOURS["pix2pix"] in svg
    assert "fet 0.700" in svg
    single = curve_chart("a", "psnr", CURVES)
    assert single is not None
    assert "pix2pix" not in texts(single)


def test_charts_beside_each_other_are_a_file_of_their_own() -> None:
    """Both whole, inside the sheet and apart from each other, dark on a white ground."""
    charts = [chart for name in ("ssim", "psnr") if (chart := curve_chart(name, name, CURVES))]
    sheet = ElementTree.fromstring(beside(charts, gap=10))
    (ground, *placed) = sheet
    assert (ground.attrib["fill"], sheet.attrib["color"]) == ("#ffffff", "#1c1c1e")
    boxes = [[float(one.attrib[key]) for key in ("x", "y", "width", "height")] for one in placed]
    assert len(boxes) == 2
    (x, y, width, height), (other, *_) = boxes
    assert (x, y) == (10, 10)
    assert other == pytest.approx(x + width + 10, abs=1e-3)
    right = boxes[1][0] + boxes[1][2] + 10
    assert float(sheet.attrib["width"]) == pytest.approx(right, abs=0.1)
    assert float(sheet.attrib["height"]) == pytest.approx(height + 20, abs=0.1)
    ids = re.findall(r'\bid="([^"]+)"', beside(charts))
    assert len(ids) == len(set(ids))


def test_text_takes_the_colour_around_it() -> None:
    svg = expression_chart("a", "nme", LINES)
    assert svg is not None
    assert "currentColor" in svg
    assert INK not in svg
    assert "#000000" not in svg


def test_two_charts_of_one_page_share_no_id() -> None:
    ids = []
    for name in ("a", "b"):
        svg = curve_chart(name, "ssim", CURVES)
        assert svg is not None
        found = re.findall(r'\bid="([^"]+)"', svg)
        assert len(found) == len(set(found))
        referred = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', svg)
        assert {a or b for a, b in referred} <= set(found)
        ids.append(set(found))
    assert not ids[0] & ids[1]


def test_a_chart_says_what_it_shows() -> None:
    svg = expression_chart("a", "ssim", LINES)
    assert svg is not None
    root = ElementTree.fromstring(svg)
    assert root.attrib["role"] == "img"
    labels = root.attrib["aria-labelledby"].split()
    named = {e.attrib.get("id"): e.text for e in root}
    assert [bool(named[label]) for label in labels] == [True, True]


def test_error_by_expression_shows_each_expression_and_not_the_truth() -> None:
    svg = expression_chart("a", "ssim", LINES)
    assert svg is not None
    shown = texts(svg)
    assert [text for text in shown if text in EXPRESSIONS] == list(EXPRESSIONS)
    assert [text for text in shown if text in ALL] == list(ALL[:-1])
    assert "1 − SSIM" in shown


def test_there_is_no_chart_of_nothing() -> None:
    assert curve_chart("a", "ssim", {}) is None
    assert expression_chart("a", "nme", []) is None
    unknown = [{**line, "nme": None} for line in LINES]
    assert expression_chart("a", "nme", unknown) is None


def test_an_unknown_row_is_drawn_too() -> None:
    svg = curve_chart("a", "ssim", {"mine": CURVES["fet"]})
    assert svg is not None
    assert "mine" in texts(svg)


def test_no_two_rows_have_one_colour() -> None:
    assert len(set(COLOURS.values())) == len(COLOURS)


def test_curves_are_read_by_row(tmp_path: Path) -> None:
    write_data_set(tmp_path)
    found = read_curves(tmp_path)
    assert set(found) == {"fet", "fet-plus", "pix2pix", "cgan", "g2gan"}
    assert found["fet"]["ssim"].epochs == tuple(range(2, 19, 2))
    assert read_curves(tmp_path / "nowhere") == {}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "cannot be read as a table"),
        ("step\tpsnr\n1\t20\n", 'no columns "step" and "ssim"'),
        ("step\tssim\n", "holds no epoch"),
        ("step\tssim\n1\t0.5\n2\n", "line 3 of"),
        ("step\tssim\n1\tgood\n", "line 2 of"),
        ("step\tssim\n1\tnan\n", "line 2 of"),
        ("step\tssim\n2\t0.5\n1\t0.6\n", "line 3 of"),
    ],
)
def test_a_damaged_curve_is_named(content: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "ssim.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=r"ssim\.tsv") as error:
        read_curve(path)
    assert said in str(error.value)
    assert "run the stage that makes it again" in str(error.value)


def test_bytes_that_are_no_text_are_a_mistake_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "ssim.tsv").write_bytes(b"\xff\xfe\x00\x9f")
    with pytest.raises(UserError, match="cannot be read"):
        read_curve(tmp_path / "ssim.tsv")
    with pytest.raises(UserError, match="there is no"):
        read_curve(tmp_path / "psnr.tsv")
