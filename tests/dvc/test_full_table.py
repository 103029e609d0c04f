"""The full table as `dvc repro -P` makes it: all rows; a change redoes what depends on it."""

from __future__ import annotations

import json
import re
from typing import Any

import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML
from small_project import Project, stages_run

from fet_core.paramsfile import read_yaml

pytestmark = pytest.mark.slow  # `make tables`, which is among README's commands, makes it too

BASELINES = ("cgan", "pix2pix", "g2gan")
ROWS = ("copy", "warp", *BASELINES, "fet", "fet-plus")
NUMBERS = {"ssim", "psnr", "identity", "verification", "nme", "failures", "expression"}


def protocols(row: str) -> set[str]:
    return {"transfer"} if row == "cgan" else {"transfer", "oracle"}


def lines_of(table: str, heading: str) -> list[str]:
    """First cells of the Markdown table below a heading."""
    block = table.split(f"{heading}\n\n", 1)[1].split("\n\n", 1)[0]
    return [line.split("|")[1].strip() for line in block.splitlines()[2:]]


@pytest.mark.parametrize("row", [*ROWS, "truth"])
def test_every_row_has_its_numbers_and_intervals(full_base: Project, row: str) -> None:
    means = full_base.json(f"metrics/rafd/{row}.json")
    intervals = means.pop("intervals")
    triples = means.pop("triples")
    assert means.pop("schema") == 4
    assert (triples["n"], triples["size"]) == (12, 32)
    assert triples["people"] > 1
    assert triples == full_base.json("metrics/rafd/truth.json")["triples"]
    assert set(means) == set(intervals) == protocols(row)
    for protocol, numbers in means.items():
        assert set(numbers) == NUMBERS
        for key, interval in intervals[protocol].items():
            assert (interval is None) == (numbers[key] is None), key
            assert interval is None or interval[0] <= numbers[key] <= interval[1], key


def test_all_rows_are_scored_on_the_same_triples(full_base: Project) -> None:
    data = full_base.folder / "data" / "rafd"
    triples = pq.read_table(data / "augment" / "triples.parquet")
    wanted = set(zip(*(triples[c].to_pylist() for c in ("triple", "target_subject")), strict=True))
    for row in (*ROWS, "truth"):
        own = row in (*BASELINES, "fet-plus")
        folder = f"evaluate_{row.replace('-', '_')}" if own else "evaluate"
        scores = pq.read_table(data / folder / f"{row}.parquet")
        found = zip(*(scores[c].to_pylist() for c in ("triple", "subject")), strict=True)
        assert sorted(found) == sorted(list(wanted) * len(protocols(row)))


def test_beside_the_pictures_stands_whom_they_show(full_base: Project) -> None:
    data = full_base.folder / "data" / "rafd"
    triples = pq.read_table(data / "augment" / "triples.parquet").to_pylist()
    notes = [
        full_base.json(f"data/rafd/{stage}/shown.json")
        for stage in ("evaluate", "evaluate_fet_plus", *(f"evaluate_{row}" for row in BASELINES))
    ]
    assert notes == [notes[0]] * 5
    assert 0 < len(notes[0]) <= 6
    assert all(one in triples for one in notes[0])


@pytest.mark.parametrize(
    ("model", "file"), [("fet", "differences.json"), ("fet-plus", "differences-plus.json")]
)
def test_differences_are_those_of_the_means(full_base: Project, model: str, file: str) -> None:
    found = full_base.json(f"metrics/rafd/{file}")
    assert (found["schema"], found["model"]) == (4, model)
    assert set(found["rows"]) == set(ROWS) - {model}
    ours = full_base.json(f"metrics/rafd/{model}.json")
    for row, by_protocol in found["rows"].items():
        other = full_base.json(f"metrics/rafd/{row}.json")
        assert set(by_protocol) == protocols(row)
        for protocol, steps in by_protocol.items():
            for key in ("ssim", "psnr", "failures", "expression"):
                step = ours[protocol][key] - other[protocol][key]
                assert steps[key]["difference"] == pytest.approx(step, abs=2e-6)
                assert steps[key]["low"] <= steps[key]["difference"] <= steps[key]["high"]


def test_numbers_by_expression_add_up_to_the_means(full_base: Project) -> None:
    found = full_base.json("metrics/rafd/expressions.json")
    assert [*dict.fromkeys(line["model"] for line in found)] == [*ROWS, "truth"]
    for row in ROWS:
        for protocol in protocols(row):
            lines = [x for x in found if (x["model"], x["protocol"]) == (row, protocol)]
            mean = sum(x["ssim"] * x["n"] for x in lines) / sum(x["n"] for x in lines)
            wanted = full_base.json(f"metrics/rafd/{row}.json")[protocol]
            assert sum(x["n"] for x in lines) == 12
            assert mean == pytest.approx(wanted["ssim"], abs=2e-6)


def test_the_table_has_all_rows_in_both_protocols(full_base: Project) -> None:
    table = (full_base.folder / "metrics/rafd/table.md").read_text()
    assert lines_of(table, "### Protocol transfer") == [*ROWS, "truth"]
    assert lines_of(table, "### Protocol oracle") == [r for r in (*ROWS, "truth") if r != "cgan"]
    assert (full_base.folder / "metrics/rafd/models/models.png").read_bytes()[:4] == b"\x89PNG"


def test_a_second_repro_does_nothing(full: Project) -> None:
    output = full.dvc("repro", "-P")
    assert stages_run(output) == []
    assert "up to date" in output
    assert full.git("status", "--porcelain") == ""


def test_a_parameter_of_a_model_trains_that_model_alone(full: Project) -> None:
    full.set({"transfer.mu2": 50.0})
    assert stages_run(full.dvc("repro", "-P", "--dry")) == ["train_transfer"]
    full.set({"transfer.mu2": 100.0, "baseline.l1": 50.0})
    assert stages_run(full.dvc("repro", "-P", "--dry")) == [f"train_{row}" for row in BASELINES]
    full.set({"baseline.l1": 100.0})
    params = read_yaml(full.folder / "params.yaml")
    changes = {"transfer_plus": "structure", "fusion_plus": "noise"}
    for section, key in changes.items():
        full.set({f"{section}.{key}": params[section][key] / 2})
        assert stages_run(full.dvc("repro", "-P", "--dry")) == [f"train_{section}"]
        full.set({f"{section}.{key}": params[section][key]})
    full.set({"landmarks.readings": 2})
    assert stages_run(full.dvc("repro", "-P", "--dry")) == ["landmarks"]


def test_who_may_be_shown_is_drawn_again_and_no_truth_is_read_again(full: Project) -> None:
    yaml = YAML()
    path = full.folder / "params.yaml"
    document = yaml.load(path)
    document["figures"]["subjects"] = {"rafd": ["01"]}
    yaml.dump(document, path)
    ran = stages_run(full.dvc("repro", "-P", "--dry"))
    assert "evaluate" in ran
    assert "truths" not in ran


def test_a_baselines_parameter_redoes_the_baselines_and_the_comparison(full: Project) -> None:
    before = {row: full.json(f"metrics/rafd/{row}.json")["transfer"] for row in ROWS}
    output = full.dvc("exp", "run", "-S", "baseline.l1=50", "comparison/dvc.yaml")
    ran = stages_run(output)
    # CGAN has no L1 term: trained again, its weights are the same, and so are its scores.
    trained = [f"train_{row}" for row in BASELINES]
    assert sorted(ran) == sorted(["compare", "evaluate_pix2pix", "evaluate_g2gan", *trained])
    assert ran[-1] == "compare"
    after = {row: full.json(f"metrics/rafd/{row}.json")["transfer"] for row in ROWS}
    assert {row for row in ROWS if after[row] != before[row]} == {"pix2pix", "g2gan"}


def test_the_papers_model_is_trained_without_touching_a_baseline(full: Project) -> None:
    output = full.dvc("exp", "run", "-P", "-S", "transfer.mu2=50")
    ran = stages_run(output)
    assert ran == ["train_transfer", "evaluate", "compare"]
    steps = full.json("metrics/rafd/differences.json")["rows"]["copy"]["transfer"]["psnr"]
    copy, fet = (full.json(f"metrics/rafd/{row}.json")["transfer"] for row in ("copy", "fet"))
    assert steps["difference"] == pytest.approx(fet["psnr"] - copy["psnr"], abs=2e-6)


def specifications(page: str) -> dict[str, dict[str, Any]]:
    """Vega-Lite specifications of a page of `dvc plots` by their titles."""
    found = [json.loads(text) for text in re.findall(r"var spec = (\{.*\});", page)]
    titles = [one.get("title", "") for one in found]
    names = [title if isinstance(title, str) else title["text"] for title in titles]
    return dict(zip(names, found, strict=True))


@pytest.mark.parametrize(
    ("title", "metric"),
    [("rafd: SSIM per epoch (Fig. 5)", "ssim"), ("rafd: PSNR (dB) per epoch (Fig. 6)", "psnr")],
)
def test_one_plot_has_the_curves_of_all_models(full: Project, title: str, metric: str) -> None:
    full.dvc("plots", "show")
    page = (full.folder / "dvc_plots" / "index.html").read_text()
    values = specifications(page)[title]["data"]["values"]
    trained = ("transfer", "transfer_plus", *BASELINES)
    curves: dict[str, dict[int, float]] = {row: {} for row in trained}
    for line in values:
        row = next(row for row in trained if f"train_{row}/" in line["filename"])
        curves[row][int(line["step"])] = float(line[metric])
    named = {"transfer": "fet", "transfer_plus": "fet-plus"}
    for row, curve in curves.items():
        scores = full.json(f"metrics/rafd/{named.get(row, row)}.json")
        # An epoch of G2-GAN is two of the others.
        assert sorted(curve) == ([2] if row == "g2gan" else [1, 2])
        # The table is about the weights of the last epoch.
        assert curve[max(curve)] == pytest.approx(scores["transfer"][metric], abs=2e-6)


def test_the_errors_by_expression_are_one_plot_of_all_models(full: Project) -> None:
    full.dvc("plots", "show")
    page = (full.folder / "dvc_plots" / "index.html").read_text()
    found = specifications(page)["NME by expression"]
    assert {line["model"] for line in found["data"]["values"]} == {*ROWS, "truth"}
    assert found["encoding"]["color"]["field"] == "model"
    assert found["encoding"]["y"]["field"] == "nme"
