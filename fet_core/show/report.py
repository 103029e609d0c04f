"""The results of all data sets as Markdown and as one HTML page that opens from disk."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from fet_core.measure.comparable import PROTOCOLS
from fet_core.measure.results import METRICS, Compared, Protocols
from fet_core.registry import INK
from fet_core.show import tables
from fet_core.show.charts import COLOURS, CURVES, Curve, curve_chart, expression_chart
from fet_core.show.sweeps import SweepResult, experiment_block
from fet_core.show.tables import (
    Block,
    Cell,
    Results,
    all_differences,
    beside_the_paper,
    left_out,
    markdown,
    note,
    overview,
    scores,
    summary,
)

_ROUNDING = 3e-6


def agreeing(compared: Compared, rows: Mapping[str, Protocols]) -> dict[str, Protocols]:
    """The differences that are of these rows; others are of results that were made anew since.

    Args:
        compared: a model's differences.
        rows: means by row, protocol and number.

    Returns:
        by row, those where the differences of SSIM are what the means say, up to rounding.
    """
    if compared.model not in rows:
        return {}
    ours = rows[compared.model]
    return {
        row: protocols
        for row, protocols in compared.rows.items()
        if row in rows
        and all(
            _near(steps["ssim"]["difference"], ours[name]["ssim"] - rows[row][name]["ssim"])
            for name, steps in protocols.items()
            if steps.get("ssim") and name in ours and name in rows[row]
        )
    }


def agreeing_lines(
    lines: list[dict[str, Any]], rows: Mapping[str, Protocols]
) -> list[dict[str, Any]]:
    """The numbers by expression that are of these rows: their mean is the row's, up to rounding.

    Args:
        lines: as `read_list` gives them.
        rows: means by row, protocol and number.
    """
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for line in lines:
        groups.setdefault((line["model"], line["protocol"]), []).append(line)
    kept = {
        (row, protocol)
        for (row, protocol), group in groups.items()
        if (known := rows.get(row, {}).get(protocol))
        and all(line.get("ssim") is not None for line in group)
        and _near(
            sum(line["ssim"] * line["n"] for line in group) / sum(line["n"] for line in group),
            known["ssim"],
        )
    }
    return [line for line in lines if (line["model"], line["protocol"]) in kept]


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= _ROUNDING


def table(results: Results) -> str:
    """The whole table of a data set as Markdown: both protocols, the paper, the differences."""
    parts = [f"## {results.title}", *_notes(results)]
    for protocol in PROTOCOLS:
        block = scores(results, protocol)
        if block.lines:
            parts += [f"### {block.caption}", markdown(block)]
    parts += _paper(results, "### ")
    for found in all_differences(results):
        parts += [f"### {found.caption}", markdown(found)]
    if results.differences:
        parts.append(
            "Paired over the same triples; in bold where the head has an arrow and the interval "
            "does not hold 0."
        )
    return "\n\n".join(parts) + "\n"


def compact(results: Results) -> str:
    """The few numbers of `summary` as Markdown, with the paper's below."""
    parts = [f"### {results.title}", markdown(summary(results)), *_notes(results)]
    return "\n\n".join([*parts, *_paper(results, "")]) + "\n"


def short(sets: Sequence[Results]) -> str:
    """One small table of all data sets as Markdown, and whose rows are not in it."""
    block = overview(sets)
    said = [f"{results.title}: {text}" for results in sets if (text := left_out(results))]
    return "\n\n".join([markdown(block), f"{block.caption}.", *said]) + "\n"


def _notes(results: Results) -> list[str]:
    return [text for text in (note(results), left_out(results)) if text]


def _paper(results: Results, mark: str) -> list[str]:
    block = beside_the_paper(results)
    if block is None:
        return []
    said = "The paper's: the real data set at 256×256. Here: protocol transfer."
    heading = f"{mark}{block.caption}" if mark else f"{block.caption}:"
    return [heading, markdown(block, "Model"), said]


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
        "FET+, one triple a line: source, target, results in both protocols, and the truth."
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
    source = files("fet_core.show").joinpath("report.html.j2").read_text(encoding="utf-8")
    return environment.from_string(source).render(
        sections=[_section(number, section) for number, section in enumerate(sections, start=1)],
        experiments=[_experiment(experiment) for experiment in experiments],
        colours={row: colour.replace(INK, "currentColor") for row, colour in COLOURS.items()},
        metrics={metric.key: metric for metric in METRICS},
    )


def _section(number: int, section: Section) -> dict[str, Any]:
    """Everything that the template shows of a data set, finished."""
    results = section.results
    scored = [tables.scores(results, protocol) for protocol in PROTOCOLS]
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
        "note": tables.note(results),
        "left_out": tables.left_out(results),
        "scores": [block for block in scored if block.lines],
        "differences": tables.all_differences(results),
        "paper": tables.beside_the_paper(results),
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
    place = {name: n for n, name in enumerate(tables.ordered({line["model"] for line in lines}))}
    asked = list(dict.fromkeys(line["expression"] for line in lines))
    lines.sort(key=lambda line: (asked.index(line["expression"]), place[line["model"]]))
    made = []
    for line in lines:
        cells = [Cell(tables.shown(metric, line.get(key))) for key, metric in shown.items()]
        made.append((f"{line['expression']}, {line['model']}", (*cells, Cell(str(line["n"])))))
    heads = (*map(tables.head, shown.values()), "triples")
    return Block("By expression, protocol transfer", heads, tuple(made))


def _safe(svg: str) -> Any:
    from markupsafe import Markup

    return Markup(svg)
