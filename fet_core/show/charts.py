"""Charts as SVG, the same bytes for the same numbers: Fig. 5 and 6, error by expression."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fet_core.errors import UserError, remedy
from fet_core.registry import INK, MODELS, Style
from fet_core.show.tables import ordered

if TYPE_CHECKING:
    from matplotlib.axes import Axes


CURVES = ("ssim", "psnr")
"""The numbers of the paper's Fig. 5 and 6."""


@dataclass(frozen=True)
class Curve:
    """One number over a training: epochs, counted from 1, and the value after each."""

    epochs: tuple[int, ...]
    values: tuple[float, ...]


def read_curve(path: Path) -> Curve:
    """Read a TSV file with the columns `step` (the epoch) and the file's own name.

    Raises:
        UserError: the file is missing, empty or damaged; the message names the file and the line.
    """
    again = f"{remedy(path)} again"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            head, *lines = csv.reader(file, delimiter="\t")
    except FileNotFoundError as error:
        raise UserError(f"there is no {path}; {remedy(path)} first") from error
    except (ValueError, csv.Error, OSError) as error:
        raise UserError(f"{path} cannot be read as a table; {again}") from error
    if "step" not in head or path.stem not in head:
        raise UserError(f'{path} has no columns "step" and "{path.stem}"; {again}')
    if not lines:
        raise UserError(f"{path} holds no epoch; {again}")
    at = head.index("step"), head.index(path.stem)
    epochs: list[int] = []
    values: list[float] = []
    for number, line in enumerate(lines, start=2):
        try:
            epoch, value = int(line[at[0]]), float(line[at[1]])
        except (ValueError, IndexError) as error:
            raise UserError(f"line {number} of {path} is no epoch and a number; {again}") from error
        if not math.isfinite(value) or (epochs and epoch <= epochs[-1]):
            raise UserError(f"line {number} of {path} is not finite or goes back in time; {again}")
        epochs.append(epoch)
        values.append(value)
    return Curve(tuple(epochs), tuple(values))


def read_curves(folder: Path) -> dict[str, dict[str, Curve]]:
    """The curves of all trainings of a data set.

    Args:
        folder: of the data set's small results, with `train_<model>/plots/metrics/*.tsv`;
            `train_transfer` is the paper's model, `train_transfer_plus` FET+.

    Returns:
        Row to "ssim" and "psnr" to curve. A training that watches neither (Φ's) is left out.
    """
    found: dict[str, dict[str, Curve]] = {}
    for training in sorted(folder.glob("train_*")):
        paths = [training / "plots" / "metrics" / f"{name}.tsv" for name in CURVES]
        curves = {path.stem: read_curve(path) for path in paths if path.is_file()}
        if curves:
            found[_row(training.name)] = curves
    return found


def _row(folder: str) -> str:
    """The model whose last part a stage trains; a stage of nobody's is called by its own name."""
    owners = {one.parts[-1].stage: one.name for one in MODELS if one.parts}
    return owners.get(folder, folder.removeprefix("train_").replace("_", "-"))


_STYLES = {one.name: one.style for one in MODELS if one.style}

COLOURS = {name: style.colour for name, style in _STYLES.items()}

_OTHER = "#8a63d2"

_STYLE = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10.0,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": INK,
    "grid.alpha": 0.15,
    "legend.frameon": False,
}

LABELS = {"ssim": "SSIM", "psnr": "PSNR (dB)"}


def curve_chart(name: str, metric: str, curves: Mapping[str, Mapping[str, Curve]]) -> str | None:
    """Fig. 5 or 6: one number per epoch, all models in one chart.

    Args:
        name: of the chart, unique on its page: its elements' ids begin with it.
        metric: "ssim" or "psnr".
        curves: row to metric to curve.

    Returns:
        An `<svg>` element without size, colours of text and axes those of the text around it; None
        where no row has the curve.
    """
    shown = {row: curves[row][metric] for row in ordered(curves) if metric in curves[row]}
    if not shown:
        return None

    def draw(axes: Axes) -> None:
        from matplotlib.ticker import MaxNLocator

        for row, curve in shown.items():
            style = _STYLES.get(row, Style(_OTHER))
            axes.plot(
                curve.epochs,
                curve.values,
                label=row,
                color=style.colour,
                dashes=style.dashes or (None, None),
                marker=style.marker,
                markersize=style.size,
                linewidth=1.6,
            )
        # One training's epoch may show two truths of each triple; its curve counts both.
        axes.set_xlabel("epochs (the truth of each triple once)")
        axes.set_ylabel(LABELS[metric])
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(axis="y")

    best = {row: max(curve.values) for row, curve in shown.items()}
    said = ", ".join(f"{row} {value:.3f}" for row, value in best.items())
    title = f"{LABELS[metric]} per epoch of {', '.join(shown)}"
    return _svg(name, (5.4, 3.5), title, f"The highest value of each: {said}.", draw)


def expression_chart(name: str, metric: str, lines: Iterable[Mapping[str, Any]]) -> str | None:
    """Error by expression as grouped bars, in the transfer protocol; lower is better.

    Args:
        name: of the chart, unique on its page.
        metric: "ssim", drawn as 1 − SSIM, or "nme".
        lines: of expressions.json; the truth, which has no error, is not drawn.

    Returns:
        An `<svg>` element as from `curve_chart`; None where there is nothing to draw.
    """
    values: dict[str, dict[str, float]] = {}
    for line in lines:
        known = line["protocol"] == "transfer" and line["model"] != "truth"
        if known and line.get(metric) is not None:
            value = 1 - line[metric] if metric == "ssim" else line[metric]
            values.setdefault(line["model"], {})[line["expression"]] = value
    if not values:
        return None
    rows = ordered(values)
    expressions = list(dict.fromkeys(expression for row in values.values() for expression in row))
    width = 0.84 / len(rows)

    def draw(axes: Axes) -> None:
        for number, row in enumerate(rows):
            places = [i for i, e in enumerate(expressions) if e in values[row]]
            axes.bar(
                [i - 0.42 + width * (number + 0.5) for i in places],
                [values[row][expressions[i]] for i in places],
                width * 0.9,
                label=row,
                color=COLOURS.get(row, _OTHER),
            )
        axes.set_xticks(range(len(expressions)), expressions)
        axes.tick_params(axis="x", length=0)
        axes.set_ylabel("1 − SSIM" if metric == "ssim" else "NME")
        axes.grid(axis="y")
        axes.set_axisbelow(True)

    title = f"{'1 − SSIM' if metric == 'ssim' else 'NME'} by expression, transfer protocol"
    description = f"Bars for {', '.join(rows)} in each of: {', '.join(expressions)}."
    return _svg(name, (10, 3.2), title, description, draw)


def beside(charts: Sequence[str], gap: int = 24) -> str:
    """Charts in one row as an SVG file of its own: dark on white, wherever it is shown.

    Args:
        charts: `<svg>` elements as from `curve_chart`.
        gap: between and around them, in the charts' own units.
    """
    boxes = [tuple(map(float, _attribute(chart, "viewBox").split()))[2:] for chart in charts]
    width = round(sum(box[0] for box in boxes) + gap * (len(boxes) + 1), 2)
    height = round(max(box[1] for box in boxes) + 2 * gap, 2)
    parts, left = [], float(gap)
    for chart, (across, down) in zip(charts, boxes, strict=True):
        place = f'x="{left:g}" y="{gap}" width="{across:g}" height="{down:g}"'
        parts.append(chart.replace("<svg ", f"<svg {place} ", 1))
        left += across + gap
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" color="#1c1c1e" font-family="sans-serif">\n'
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _svg(name: str, inches: tuple[float, float], title: str, description: str, draw: Any) -> str:
    """A figure of one set of axes with the legend above, as an SVG element with a title."""
    import matplotlib
    from matplotlib.figure import Figure

    style: dict[Any, Any] = {**_STYLE, "svg.hashsalt": name}
    with matplotlib.rc_context(style):
        figure = Figure(figsize=inches, layout="constrained")
        axes = figure.add_subplot()
        draw(axes)
        handles, _ = axes.get_legend_handles_labels()
        columns = min(len(handles), 4 if inches[0] < 6 else 8)
        figure.legend(loc="outside upper left", ncols=columns, handlelength=2.2, columnspacing=1.2)
        buffer = io.StringIO()
        # None leaves an entry out: no date, no version of matplotlib.
        metadata: dict[str, Any] = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(buffer, format="svg", transparent=True, metadata=metadata)
    return _inline(buffer.getvalue(), name, title, description)


def _inline(svg: str, name: str, title: str, description: str) -> str:
    """The `<svg>` element alone, with ids of its own, a title, and the page's text colour."""
    from html import escape

    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    svg = svg.replace(INK, "currentColor")
    box = _attribute(svg, "viewBox")
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="{box}" role="img" aria-labelledby="{name}-title {name}-text">\n'
        f' <title id="{name}-title">{escape(title)}</title>\n'
        f' <desc id="{name}-text">{escape(description)}</desc>'
    )
    return re.sub(r"<svg[^>]*>", lambda _: head, svg, count=1).strip()


def _attribute(svg: str, name: str) -> str:
    found = re.search(rf'{name}="([^"]*)"', svg)
    if found is None:
        raise ValueError(f"the SVG has no {name}")
    return found[1]
