"""The one page of all results: HTML that opens from disk, without scripts and without a network."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from fet_core.evaluation import blocks
from fet_core.evaluation.blocks import Block, Cell, Results
from fet_core.evaluation.charts import COLOURS, INK, curve_chart, expression_chart
from fet_core.evaluation.curves import CURVES, Curve
from fet_core.evaluation.protocols import PROTOCOLS
from fet_core.evaluation.results import METRICS
from fet_core.evaluation.sweeps import SweepResult, experiment_block

CAPTIONS = {
    "transfer": (
        "Sources along the top, targets down the side, results of the model where they meet "
        "(the paper's Fig. 3 and 4)."
    ),
    "models": (
        "All models on the same triples: a column for each triple, a line for each model; "
        "protocol transfer."
    ),
    "plus-transfer": "The same of FET+.",
    "plus-comparison": (
        "FET+ beside `fet`, one triple a line: source, target, results in both protocols, and the "
        "truth."
    ),
    "comparison": "One triple a line: source, target, results in both protocols, and the truth.",
}
"""What a figure shows, by the name of its file; another is captioned with its name."""


@dataclass(frozen=True)
class Section:
    """A data set on the page.

    Args:
        name: of the data set.
        results: its numbers.
        figures: name of a figure to the bytes of its PNG.
        curves: row to "ssim" and "psnr" to curve.
    """

    name: str
    results: Results
    figures: Mapping[str, bytes] = field(default_factory=dict)
    curves: Mapping[str, Mapping[str, Curve]] = field(default_factory=dict)


def render(sections: Sequence[Section], experiments: Sequence[SweepResult] = ()) -> str:
    """The page as HTML; the same bytes for the same results.

    Args:
        sections: the data sets in the order of the page.
        experiments: results of sweeps.

    Returns:
        A whole HTML document in UTF-8 that refers to no other file.
    """
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    source = files("fet_core.evaluation").joinpath("report.html.j2").read_text(encoding="utf-8")
    return environment.from_string(source).render(
        sections=[_section(number, section) for number, section in enumerate(sections, start=1)],
        experiments=[_experiment(experiment) for experiment in experiments],
        colours={row: colour.replace(INK, "currentColor") for row, colour in COLOURS.items()},
        metrics={metric.key: metric for metric in METRICS},
    )


def _section(number: int, section: Section) -> dict[str, Any]:
    """Everything that the template shows of a data set, finished."""
    results = section.results
    scored = [blocks.scores(results, protocol) for protocol in PROTOCOLS]
    curves = [curve_chart(f"set-{number}-{metric}", metric, section.curves) for metric in CURVES]
    bars = [
        expression_chart(f"set-{number}-by-{metric}", metric, results.expressions)
        for metric in ("ssim", "nme")
    ]
    # All models' sheet shows the same triples, and more rows of them.
    left_out = {"comparison"} if "models" in section.figures else set()
    known = [name for name in CAPTIONS if name in section.figures and name not in left_out]
    figures = [*known, *sorted(section.figures.keys() - CAPTIONS.keys())]
    return {
        "anchor": f"set-{number}",
        "name": section.name,
        "title": results.title,
        "note": blocks.note(results),
        "left_out": blocks.left_out(results),
        "scores": [block for block in scored if block.lines],
        "differences": blocks.all_differences(results),
        "paper": blocks.beside_the_paper(results),
        "figures": [_figure(section.name, name, section.figures[name]) for name in figures],
        "curves": [_safe(chart) for chart in curves if chart],
        "bars": [_safe(chart) for chart in bars if chart],
        "expressions": _expressions(results),
    }


def _experiment(experiment: SweepResult) -> dict[str, Any]:
    return {
        "title": experiment.title,
        "question": experiment.question,
        "answer": experiment.answer or "",
        "block": experiment_block(experiment),
        "head": experiment.columns[0],
    }


def _figure(dataset: str, name: str, png: bytes) -> dict[str, str | int]:
    # The first chunk of a PNG holds its width and height, which keep the page from jumping.
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    caption = CAPTIONS.get(name, f"{name}.")
    return {
        "alt": f"{dataset}: {caption}",
        "caption": caption,
        "data": base64.b64encode(png).decode("ascii"),
        "width": width,
        "height": height,
    }


def _expressions(results: Results) -> Block | None:
    """The numbers behind the bars: a line for each model and expression."""
    lines = [line for line in results.expressions if line["protocol"] == "transfer"]
    if not lines:
        return None
    by_key = {metric.key: metric for metric in METRICS}
    shown = {key: by_key[key] for key in ("ssim", "psnr", "nme")} | {"read": by_key["expression"]}
    place = {name: n for n, name in enumerate(blocks.ordered({line["model"] for line in lines}))}
    asked = list(dict.fromkeys(line["expression"] for line in lines))
    lines.sort(key=lambda line: (asked.index(line["expression"]), place[line["model"]]))
    made = []
    for line in lines:
        cells = [Cell(blocks.shown(metric, line.get(key))) for key, metric in shown.items()]
        made.append((f"{line['expression']}, {line['model']}", (*cells, Cell(str(line["n"])))))
    heads = (*map(blocks.head, shown.values()), "triples")
    return Block("By expression, protocol transfer", heads, tuple(made))


def _safe(svg: str) -> Any:
    from markupsafe import Markup

    return Markup(svg)
