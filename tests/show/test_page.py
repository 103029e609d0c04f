"""The page: complete, one file, well formed, and safe from what stands in the results."""

from __future__ import annotations

import base64
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fake_results import TRIPLES, numbers, on_other_triples, write_data_set, write_experiment

from fet_core.errors import UserError
from fet_core.show import sweeps
from fet_core.show.report import CAPTIONS, Section, render
from fet_core.show.sweeps import experiment_block
from fet_core.show.tables import Results, markdown
from pipeline.report import report

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(HTMLParser):
    """Tags, attributes and headings of a page; a tag that closes another fails."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and data.strip():
            self.said.setdefault(self._open[-1], []).append(data.strip())

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results") / "metrics"
    write_data_set(folder / "rafd")
    write_data_set(folder / "london", ("copy", "warp", "fet", "truth"), figures=False)
    write_experiment(folder / "experiments")
    return folder


def written(metrics: Path, out: Path) -> str:
    report(metrics=metrics, out=out, params=metrics / "none.yaml")
    return out.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def text(metrics: Path) -> str:
    return written(metrics, metrics / "report.html")


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_it_needs_no_other_file_and_no_script(page: Page) -> None:
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "link", "iframe", "object", "embed", "base"}
    for tag, attributes in page.tags:
        for name in ("src", "href", "xlink:href", "srcset"):
            value = attributes.get(name)
            assert value is None or value.startswith(("#", "data:image/png;base64,")), (tag, value)
        assert not any(name.startswith("on") for name in attributes)


def test_its_links_and_labels_lead_somewhere(page: Page) -> None:
    ids = Counter(a["id"] for _, a in page.tags if "id" in a)
    assert max(ids.values()) == 1
    for _, attributes in page.tags:
        for name in ("aria-labelledby", "href", "xlink:href"):
            for target in (attributes.get(name) or "").split():
                assert target.removeprefix("#") in ids


def test_everything_has_its_section(page: Page) -> None:
    assert page.said["h2"] == [
        "london, 96×96",
        "rafd, 96×96",
        "Experiments",
        "Definitions",
        "Licences and limits",
    ]
    assert len(page.of("table")) == len(page.of("caption"))
    # Both protocols, the paper, the differences in both, and by expression.
    assert page.said["caption"].count("Protocol transfer") == 2
    assert page.said["caption"].count("Beside the paper, for orientation only") == 1
    assert page.said["caption"].count("By expression, protocol transfer") == 2
    assert len(page.of("svg")) == 2 * 4
    assert page.said["title"][0] == "FET: results"


def test_heads_of_tables_say_what_they_head(page: Page) -> None:
    assert {attributes.get("scope") for attributes in page.of("th")} == {"col", "row"}


def test_figures_are_inside_and_described(page: Page, metrics: Path) -> None:
    pictures = page.of("img")
    assert len(pictures) == 2
    # The models' sheet holds what the comparison shows.
    names = ("figures/transfer", "models/models")
    for name, picture in zip(names, pictures, strict=True):
        data = (picture["src"] or "").removeprefix("data:image/png;base64,")
        assert base64.b64decode(data) == (metrics / f"rafd/{name}.png").read_bytes()
        assert (picture["width"], picture["height"]) == ("30", "20")
        assert len(picture["alt"] or "") > 20


def test_the_comparison_is_shown_where_nothing_holds_it(metrics: Path) -> None:
    png = (metrics / "rafd/figures/comparison.png").read_bytes()
    rows = {"copy": {"transfer": numbers("copy", 0)}}
    section = Section("mine", Results("mine", rows, TRIPLES), {"comparison": png, "another": png})
    (first, second) = Page(render([section])).of("img")
    assert first["alt"] == f"mine: {CAPTIONS['comparison']}"
    assert second["alt"] == "mine: another."


def test_a_data_set_without_figures_says_so(text: str) -> None:
    assert text.count("No picture of this data set is stored") == 1


def test_the_page_has_both_colour_schemes_and_a_phones_width(text: str, page: Page) -> None:
    assert "prefers-color-scheme: dark" in text
    said = {a.get("name"): a.get("content") for a in page.of("meta")}
    assert said["color-scheme"] == "light dark"
    assert said["viewport"] == "width=device-width, initial-scale=1"
    assert page.of("html") == [{"lang": "en"}]


def test_the_same_results_make_the_same_bytes(metrics: Path, text: str, tmp_path: Path) -> None:
    assert written(metrics, tmp_path / "again.html") == text


def test_what_stands_in_the_results_cannot_become_markup(text: str, tmp_path: Path) -> None:
    assert "a good choice &lt;here&gt;?" in text
    odd = tmp_path / "metrics" / "<b>x"
    write_data_set(odd, ("copy", "fet"))
    (odd / "fet.json").rename(odd / '<i onclick="a">.json')
    made = written(tmp_path / "metrics", tmp_path / "page.html")
    assert "<b>x" not in made
    assert "<i onclick" not in made
    Page(made)


def test_an_experiment_marks_the_papers_point_and_the_best(metrics: Path, text: str) -> None:
    block = experiment_block(sweeps.read(metrics / "experiments" / "lambda.json"))
    names = [name for name, _ in block.lines]
    assert names == ["0.01", "0.01", "0.1", "0.1 (paper)", "10", "10"]
    assert block.heads[0] == "fusion.lambda3"
    assert [cells[0].text for _, cells in block.lines] == ["10", "100"] * 3
    assert [cells[1].bold for _, cells in block.lines] == [False, True, *[False] * 4]
    assert block.lines[5][1][2].text == "–"
    assert block.caption.startswith("rafd at 96×96; fusion.epochs 18. Small trainings")


def test_an_experiment_is_the_same_table_on_the_page_and_in_markdown(
    metrics: Path, page: Page
) -> None:
    result = sweeps.read(metrics / "experiments" / "lambda.json")
    block = experiment_block(result)
    assert page.said["caption"].count(block.caption) == 1
    assert "fusion.lambda1" in page.said["th"]
    lines = sweeps.table(result).split("\n\n")
    assert lines[2:4] == [block.caption, markdown(block, "fusion.lambda1")]


def test_one_data_set_with_three_rows_is_enough(tmp_path: Path) -> None:
    folder = tmp_path / "metrics" / "mine"
    write_data_set(folder, ("copy", "warp", "fet"), figures=False)
    for extra in ("differences.json", "expressions.json", "train_transfer", "train_fusion"):
        path = folder / extra
        path.rename(tmp_path / extra)
    made = Page(written(tmp_path / "metrics", tmp_path / "page.html"))
    assert made.said["h2"] == ["mine, 96×96", "Definitions", "Licences and limits"]
    assert made.of("svg") == []


def test_rows_of_other_triples_are_not_on_the_page(tmp_path: Path) -> None:
    write_data_set(tmp_path / "metrics/rafd", figures=False)
    on_other_triples(tmp_path / "metrics/rafd", "warp", "fet-plus")
    made = Page(written(tmp_path / "metrics", tmp_path / "page.html"))
    heads = [text for text in made.said["th"] if "warp" in text or "fet-plus" in text]
    assert heads == []
    assert any(text.startswith("Left out: fet-plus, warp, which") for text in made.said["p"])


def test_mistakes_are_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there are no results in"):
        written(tmp_path, tmp_path / "page.html")
    write_data_set(tmp_path / "rafd", ("copy", "fet"))
    (tmp_path / "rafd" / "fet.json").write_text('{"transfer": {"ssim": 0.8}}', encoding="utf-8")
    with pytest.raises(UserError, match=r"fet\.json is of an older version"):
        written(tmp_path, tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()
