"""What may stand beside each other: numbers of one protocol, and of the same test triples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Protocol = Literal["transfer", "oracle"]
PROTOCOLS: tuple[Protocol, ...] = ("transfer", "oracle")
"""*transfer*: landmarks predicted from the source. *oracle*: the true landmarks."""

DIGITS = 16
"""Hexadecimal digits of a digest."""


@dataclass(frozen=True)
class TriplesDigest:
    """The test triples that a row was scored on.

    Attributes:
        digest: 16 hexadecimal digits, the same for the same triples with the same truths.
        n: how many.
        people: how many people are their targets.
        size: side of the pictures in pixels.
    """

    digest: str
    n: int
    people: int
    size: int

    def as_dict(self) -> dict[str, Any]:
        """As it stands in a file of results."""
        return asdict(self)

    @classmethod
    def read(cls, value: Any) -> TriplesDigest | None:
        """From a file of results; None where that is not what stands there."""
        if not isinstance(value, dict) or set(value) != {"digest", "n", "people", "size"}:
            return None
        digest, counts = value["digest"], [value[key] for key in ("n", "people", "size")]
        hexadecimal = isinstance(digest, str) and set(digest) <= set("0123456789abcdef")
        if not hexadecimal or len(digest) != DIGITS or any(type(one) is not int for one in counts):
            return None
        return cls(digest, *counts)


def reference(rows: Mapping[str, TriplesDigest]) -> TriplesDigest:
    """The triples that a table is of: those of `truth`, else of `fet`, else of most rows.

    Args:
        rows: triples by row, at least one; of equally many rows the first decides.
    """
    for name in ("truth", "fet"):
        if name in rows:
            return rows[name]
    digest, _ = Counter(one.digest for one in rows.values()).most_common(1)[0]
    return next(one for one in rows.values() if one.digest == digest)


def left_out_sentence(names: Iterable[str]) -> str:
    """What is said of rows that were scored on other triples than the table's, "" of none."""
    listed = sorted(names)
    if not listed:
        return ""
    was, them = ("was", "it") if len(listed) == 1 else ("were", "them")
    return (
        f"Left out: {', '.join(listed)}, which {was} scored on other triples; `make tables` (or "
        f"`fet evaluate`) scores {them} on these."
    )
