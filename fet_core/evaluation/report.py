"""The tables as Markdown: of a data set in full and short, and of all sets in one for a README."""

from __future__ import annotations

from collections.abc import Sequence

from fet_core.evaluation.blocks import (
    PAPER,
    Block,
    Cell,
    Results,
    all_differences,
    beside_the_paper,
    left_out,
    note,
    overview,
    scores,
    summary,
)
from fet_core.evaluation.protocols import PROTOCOLS

__all__ = ["PAPER", "Results", "compact", "markdown", "short", "table"]


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
    """The few numbers of `blocks.summary` as Markdown, with the paper's below."""
    parts = [f"### {results.title}", markdown(summary(results)), *_notes(results)]
    return "\n\n".join([*parts, *_paper(results, "")]) + "\n"


def short(sets: Sequence[Results]) -> str:
    """One small table of all data sets as Markdown, and whose rows are not in it."""
    block = overview(sets)
    said = [f"{results.title}: {text}" for results in sets if (text := left_out(results))]
    return "\n\n".join([markdown(block), f"{block.caption}.", *said]) + "\n"


def markdown(block: Block, first: str = "") -> str:
    """A block as a Markdown table, without its caption; `first` heads the column of names."""
    lines = [
        f"| {f'{first} ' if first else ''}| {' | '.join(block.heads)} |",
        f"| --- |{' --- |' * len(block.heads)}",
    ]
    for name, cells in block.lines:
        lines.append(f"| {name} | {' | '.join(map(_marked, cells))} |")
    return "\n".join(lines)


def _notes(results: Results) -> list[str]:
    return [text for text in (note(results), left_out(results)) if text]


def _paper(results: Results, mark: str) -> list[str]:
    block = beside_the_paper(results)
    if block is None:
        return []
    said = "The paper's: the real data set at 256×256. Here: protocol transfer."
    heading = f"{mark}{block.caption}" if mark else f"{block.caption}:"
    return [heading, markdown(block, "Model"), said]


def _marked(cell: Cell) -> str:
    text = f"**{cell.text}**" if cell.bold else cell.text
    return f"{text} {cell.interval}".rstrip()
