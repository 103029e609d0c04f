"""Which people and triples the figures show: fixed by the tables, never by the results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

import pyarrow as pa

from fet_core.errors import UserError
from fet_core.tables import EXPRESSIONS


def shown_triples(pairs: pa.Table, count: int, allowed: Collection[str] | None) -> list[int]:
    """Positions of a few triples in the pairs table: many expressions, many people.

    Args:
        pairs: with the schema `fet_core.tables.PAIRS`.
        count: how many at most.
        allowed: subjects that may be shown, None for all.

    Returns:
        positions in the table, ordered by expression; empty where nobody may be shown.
    """
    rows = [
        (position, row)
        for position, row in enumerate(pairs.to_pylist())
        if allowed is None or {row["source_subject"], row["target_subject"]} <= set(allowed)
    ]
    used: Counter[str] = Counter()
    chosen: list[int] = []
    while len(chosen) < min(count, len(rows)):
        for expression in (*EXPRESSIONS[1:], EXPRESSIONS[0]):
            open_rows = [
                (used[row["target_subject"]], row["target_expression"] != "neutral", position, row)
                for position, row in rows
                if row["expression"] == expression and position not in chosen
            ]
            if open_rows and len(chosen) < count:
                *_, position, row = min(open_rows, key=lambda item: item[:3])
                chosen.append(position)
                used[row["target_subject"]] += 1
    order = {expression: number for number, expression in enumerate(EXPRESSIONS)}
    by_position = dict(rows)
    return sorted(chosen, key=lambda p: (order[by_position[p]["expression"]], p))


def figure_sources(
    samples: pa.Table, count: int, allowed: Collection[str] | None, targets: Collection[int] = ()
) -> list[int]:
    """Rows of samples.parquet along the top of Fig. 3 and 4: test people, one an expression.

    Args:
        samples: with the schema `fet_core.tables.SAMPLES`.
        count: how many at most.
        allowed: subjects that may be shown, None for all.
        targets: rows down the side; their people are sources only where nobody else is left.
    """
    people = samples["subject"].to_pylist()
    beside = {people[number] for number in targets}
    rows = _frontal(samples, "test", allowed)
    rows = [row for row in rows if people[row[0]] not in beside] or rows
    used: Counter[str] = Counter()
    chosen: list[int] = []
    for expression in EXPRESSIONS[1:]:
        fitting = [
            (used[row["subject"]], -i, i) for i, row in rows if row["expression"] == expression
        ]
        if fitting and len(chosen) < count:
            number = min(fitting)[2]
            chosen.append(number)
            used[samples["subject"][number].as_py()] += 1
    return chosen


def figure_targets(
    samples: pa.Table, train: int, test: int, allowed: Collection[str] | None
) -> list[int]:
    """Rows down the side of Fig. 3 and 4: neutral faces, of training people first."""
    chosen: list[int] = []
    for split, count in (("train", train), ("test", test)):
        seen: set[str] = set()
        for number, row in _frontal(samples, split, allowed):
            if row["expression"] == "neutral" and row["subject"] not in seen and len(seen) < count:
                seen.add(row["subject"])
                chosen.append(number)
    return chosen


def check_allowed(samples: pa.Table, allowed: Collection[str] | None) -> None:
    """Refuse a list of subjects for figures that names someone who is not in the data.

    Raises:
        UserError: with the unknown name.
    """
    unknown = sorted(set(allowed or ()) - set(samples["subject"].to_pylist()))
    if unknown:
        raise UserError(
            f'figures.subjects names "{unknown[0]}", who is not among the subjects of the data '
            "set; mend the list in the params file"
        )


def _frontal(
    samples: pa.Table, split: str, allowed: Collection[str] | None
) -> list[tuple[int, dict[str, str]]]:
    names = ["subject", "expression", "gaze", "camera", "split", "flipped"]
    return [
        (number, row)
        for number, row in enumerate(samples.select(names).to_pylist())
        if row["split"] == split
        and not row["flipped"]
        and row["gaze"] == "frontal"
        and row["camera"] == "090"
        and (allowed is None or row["subject"] in allowed)
    ]
