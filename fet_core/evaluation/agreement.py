"""Whether differences and numbers by expression are of the rows that they would stand beside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fet_core.evaluation.results import Compared, Protocols

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
