"""Tables as finished texts, built once from results, so that Markdown and HTML show the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from fet_core import registry
from fet_core.measure.comparable import PROTOCOLS, TriplesDigest, left_out_sentence
from fet_core.measure.results import METRICS, ROWS, Metric

PAPER: dict[str, dict[str, tuple[float, float]]] = {
    "ckplus": {
        "CGAN": (0.692, 22.244),
        "G2-GAN": (0.767, 24.420),
        "Pix2pix": (0.784, 24.687),
        "The proposed model": (0.805, 25.610),
    },
    "rafd": {
        "CGAN": (0.554, 16.412),
        "G2-GAN": (0.829, 21.745),
        "Pix2pix": (0.765, 19.230),
        "The proposed model": (0.801, 19.338),
    },
}
"""Tables 3 and 4: SSIM and PSNR in dB, on the real CK+ and RaFD at 256×256."""

OURS = {one.published: one.name for one in registry.MODELS if one.published}
"""The paper's names and the rows here."""

CEILING = "truth"
"""The row that competes with none: what the instruments read on the truth itself."""

NOTHING = "–"

Numbers = Mapping[str, Mapping[str, Any]]
"""Protocol to metric to a number (or an interval, or a difference), None where undefined."""

_METRIC = {metric.key: metric for metric in METRICS}


@dataclass(frozen=True)
class Results:
    """What is known of one data set; only the rows must be there, all of the same triples.

    Args:
        title: of its section.
        rows: row to protocol to metric to mean.
        triples: that all numbers are of.
        intervals: row to protocol to metric to [low, high].
        differences: row to protocol to metric to {"difference", "low", "high"}: `model` minus it.
        model: the model of the differences.
        more: other models with their differences.
        expressions: the lines of expressions.json.
        paper: the paper's table for this data set.
        left_out: rows of other triples, which are not shown.
        outdated: whether there are differences or numbers by expression of other results, which are
            not shown either.
    """

    title: str
    rows: Mapping[str, Numbers]
    triples: TriplesDigest
    intervals: Mapping[str, Numbers] = field(default_factory=dict)
    differences: Mapping[str, Numbers] = field(default_factory=dict)
    model: str = "fet"
    more: Sequence[tuple[str, Mapping[str, Numbers]]] = ()
    expressions: Sequence[Mapping[str, Any]] = ()
    paper: Mapping[str, tuple[float, float]] | None = None
    left_out: Sequence[str] = ()
    outdated: bool = False


@dataclass(frozen=True)
class Cell:
    """One number: its text, its interval's text or "", whether it stands out, and for the worse."""

    text: str
    interval: str = ""
    bold: bool = False
    worse: bool = False


@dataclass(frozen=True)
class Block:
    """A finished table: a caption, the heads of its columns, and named lines of cells."""

    caption: str
    heads: tuple[str, ...]
    lines: tuple[tuple[str, tuple[Cell, ...]], ...]


def ordered(rows: Iterable[str]) -> list[str]:
    """Rows in the order of the tables: the known ones, unknown ones by name, the truth last."""
    place = {name: number for number, name in enumerate(ROWS)}
    return sorted(rows, key=lambda name: (name == CEILING, place.get(name, len(ROWS)), name))


def head(metric: Metric) -> str:
    """Title, unit where the numbers do not carry it, and which direction is better."""
    unit = f" ({metric.unit})" if metric.unit not in ("", "%") else ""
    return f"{metric.title}{unit} {'↑' if metric.better == 'higher' else '↓'}"


def plain(metric: Metric, value: float) -> str:
    """A stored number as it is shown, without a unit."""
    text = f"{value * metric.scale:.{metric.digits}f}"
    # What rounds to zero has no sign.
    return text.replace("-", "−" if text.strip("-0.") else "")


def shown(metric: Metric, value: float | None) -> str:
    """A stored number as it stands in a table: percentages with their sign, a dash for none."""
    if value is None:
        return NOTHING
    return plain(metric, value) + ("%" if metric.unit == "%" else "")


def bracket(metric: Metric, ends: Sequence[float] | None) -> str:
    """An interval as it stands behind a number, "" for none."""
    return f"[{plain(metric, ends[0])}, {plain(metric, ends[1])}]" if ends else ""


def best_text(values: Iterable[float | None], metric: Metric) -> str | None:
    """The best of some values as shown, None where nothing is better than anything else."""
    known = [value for value in values if value is not None]
    if len({plain(metric, value) for value in known}) < 2:
        return None
    return shown(metric, max(known) if metric.better == "higher" else min(known))


def scores(results: Results, protocol: str) -> Block:
    """All rows in one protocol, with intervals; the best of each column stands out.

    What is shown equal is equally good; where all are equal none is best. The truth never competes.
    """
    names = [name for name in ordered(results.rows) if results.rows[name].get(protocol)]
    best = {metric.key: _best(results, names, protocol, metric) for metric in METRICS}
    return Block(
        f"Protocol {protocol}",
        tuple(map(head, METRICS)),
        tuple(
            (name, tuple(_cell(results, name, protocol, m, best[m.key]) for m in METRICS))
            for name in names
        ),
    )


def summary(results: Results) -> Block:
    """The few numbers for a README: the transfer protocol, and the picture generator alone."""
    asked = [
        ("transfer", _METRIC[k]) for k in ("ssim", "psnr", "verification", "nme", "expression")
    ]
    asked += [("oracle", _METRIC[k]) for k in ("ssim", "psnr")]
    names = ordered(results.rows)
    best = {(p, c.key): _best(results, names, p, c) for p, c in asked}
    lines = []
    for name in names:
        cells = [_cell(results, name, p, c, best[p, c.key]) for p, c in asked]
        # Intervals of all seven would drown the numbers.
        kept = [cell if n < 2 else Cell(cell.text, "", cell.bold) for n, cell in enumerate(cells)]
        lines.append((name, tuple(kept)))
    heads = tuple(head(m) if p == "transfer" else f"{p} {head(m)}" for p, m in asked)
    return Block("Protocol transfer, and oracle where said", heads, tuple(lines))


def all_differences(results: Results) -> list[Block]:
    """The blocks of `differences` for every model that has any, in both protocols."""
    models = [(results.model, results.differences), *results.more]
    found = [
        differences(replace(results, model=model, differences=rows), protocol)
        for model, rows in models
        for protocol in PROTOCOLS
    ]
    return [block for block in found if block]


def differences(results: Results, protocol: str) -> Block | None:
    """A model minus each row on the same triples; what stands out has an interval without 0.

    None where there is nothing to show.
    """
    names = [
        name
        for name in ordered(results.differences)
        if results.differences[name].get(protocol) and name != CEILING
    ]
    if not names:
        return None
    lines = []
    for name in names:
        found = results.differences[name][protocol]
        lines.append((f"{results.model} − {name}", tuple(_step(m, found) for m in METRICS)))
    heads = tuple(f"{head(m)}{' (points)' if m.unit == '%' else ''}" for m in METRICS)
    return Block(f"{results.model} minus each row, protocol {protocol}", heads, tuple(lines))


def overview(sets: Sequence[Results]) -> Block:
    """All data sets in one small table: a line a row, of each set what fits a README.

    A cell is SSIM, PSNR in dB and expression accuracy, protocol transfer.
    """
    lines = []
    for name in ordered({row for results in sets for row in results.rows if row != CEILING}):
        cells = []
        for results in sets:
            found = results.rows.get(name, {}).get("transfer") or {}
            texts = [shown(_METRIC[key], found.get(key)) for key in ("ssim", "psnr")]
            right = found.get("expression")
            texts.append(NOTHING if right is None else f"{right:.0%}")
            cells.append(Cell(" / ".join(texts) if found else NOTHING))
        lines.append((name, tuple(cells)))
    caption = "SSIM / PSNR in dB / expression accuracy, protocol transfer"
    return Block(caption, tuple(results.title for results in sets), tuple(lines))


def beside_the_paper(results: Results) -> Block | None:
    """Tables 3 and 4 with the rows here next to them, or None where the paper has no such table."""
    if not results.paper:
        return None
    ssim, psnr = _METRIC["ssim"], _METRIC["psnr"]
    lines = []
    for model, (similarity, noise) in results.paper.items():
        here = results.rows.get(OURS[model], {}).get("transfer") or {}
        texts = f"{similarity:.3f}", f"{noise:.3f}"
        ours = shown(ssim, here.get("ssim")), shown(psnr, here.get("psnr"))
        lines.append((model, tuple(Cell(text) for text in (*texts, *ours))))
    heads = ("SSIM, paper", "PSNR (dB), paper", "SSIM, here", "PSNR (dB), here")
    return Block("Beside the paper, for orientation only", heads, tuple(lines))


def note(results: Results) -> str:
    """How many triples of how many people, and what the brackets and the bold numbers mean."""
    return (
        f"{results.triples.n} triples of {results.triples.people} people. In brackets: 95% "
        "intervals, bootstrap over people. The best of each column "
        "with an arrow is bold; truth is the ceiling and does not compete."
    )


def left_out(results: Results) -> str:
    """What is not shown because it is of other triples or older results; "" of nothing."""
    older = (
        "Left out: differences and numbers by expression that are of other results than these; "
        "`make tables` makes them again."
    )
    said = [left_out_sentence(results.left_out), older if results.outdated else ""]
    return " ".join(text for text in said if text)


def _best(results: Results, names: Sequence[str], protocol: str, metric: Metric) -> str | None:
    rivals = (results.rows[name].get(protocol) or {} for name in names if name != CEILING)
    return best_text((numbers.get(metric.key) for numbers in rivals), metric)


def _cell(results: Results, name: str, protocol: str, metric: Metric, best: str | None) -> Cell:
    text = shown(metric, (results.rows[name].get(protocol) or {}).get(metric.key))
    ends = (results.intervals.get(name, {}).get(protocol) or {}).get(metric.key)
    return Cell(text, bracket(metric, ends), name != CEILING and text == best)


def _step(metric: Metric, found: Mapping[str, Any]) -> Cell:
    entry = found.get(metric.key)
    if not entry:
        return Cell(NOTHING)
    low, high = entry["low"], entry["high"]
    ends = f"[{_signed(metric, low)}, {_signed(metric, high)}]"
    apart = low > 0 or high < 0
    worse = apart and (low > 0) == (metric.better == "lower")
    return Cell(_signed(metric, entry["difference"]), ends, apart, worse)


def _signed(metric: Metric, value: float) -> str:
    text = plain(metric, value)
    return f"+{text}" if value > 0 and text.strip("0.") else text


def markdown(block: Block, first: str = "") -> str:
    """A block as a Markdown table, without its caption; `first` heads the column of names."""
    lines = [
        f"| {f'{first} ' if first else ''}| {' | '.join(block.heads)} |",
        f"| --- |{' --- |' * len(block.heads)}",
    ]
    for name, cells in block.lines:
        lines.append(f"| {name} | {' | '.join(map(_marked, cells))} |")
    return "\n".join(lines)


def _marked(cell: Cell) -> str:
    text = f"**{cell.text}**" if cell.bold else cell.text
    return f"{text} {cell.interval}".rstrip()
