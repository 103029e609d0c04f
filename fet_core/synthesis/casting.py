"""Choosing the people of a set so that no two look alike, and remembering the choice."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fet_core.errors import UserError
from fet_core.files import write_json
from fet_core.progress import track
from fet_core.synthesis.crew import Crew
from fet_core.synthesis.expressions import Performance
from fet_core.synthesis.layouts import Frame, Member
from fet_core.synthesis.likeness import Likeness, distances
from fet_core.synthesis.shoot import STYLES, person, picture
from fet_core.synthesis.studio import Studio

# A candidate this close to somebody chosen before is drawn again; after each draw for one place
# a little less will do, and after `_MOST_DRAWS` the one who is least like the others is taken:
# a large cast could not be filled otherwise.
APART, APART_LEAST, RELAX = 0.55, 0.48, 0.01
# Nobody's own expressions may lie further apart than this.
TOGETHER = 0.54
_NEUTRAL, _STRONG = "neutral", ("surprised", "disgusted")
_AHEAD, _ROUND = 3, 4
_MOST_DRAWS = 40
_SIZES = {"rafd": (200, 260), "ckplus": (280, 214)}


@dataclass(frozen=True)
class Audition:
    """Pictures to take of one place's candidates. Picklable, sent to a worker."""

    seed: int
    style: str
    member: Member
    draws: tuple[int, ...]
    looks: tuple[str, ...]


@dataclass(frozen=True)
class Impression:
    """A [128] embedding of a candidate with one expression; None if not just one face is found."""

    slot: int
    draw: int
    look: str
    embedding: NDArray[np.float64] | None


def cast(
    seed: int, style: str, members: Sequence[Member], assets: Path, processes: int, table: Path
) -> dict[int, int]:
    """Choose a draw number for each place of the cast.

    A table that was written before is used as far as it goes, without dlib; new choices are added
    to it.

    Args:
        seed: of the set.
        style: `rafd` or `ckplus`.
        members: the places.
        assets: folder of the assets.
        processes: how many to work in.
        table: JSON file of the choices.

    Returns:
        slot -> draw.

    Raises:
        UserError: the table belongs to another seed or set, or dlib is needed and missing.
    """
    chosen = _read_table(table, seed, style)
    if all(member.slot in chosen for member in members):
        return {member.slot: chosen[member.slot] for member in members}
    search = _Search(seed, style, chosen)
    with Crew(assets, processes, texture_limit=1024, samples=1) as crew:
        # Most places are filled from the first few draws, which are seen side by side.
        search.see(crew, members, range(_AHEAD), f"auditions for {style}")
        for member in track(members, f"casting {style}", unit="people"):
            search.fill(crew, member)
            _write_table(table, seed, style, members, chosen)
    return {member.slot: chosen[member.slot] for member in members}


class _Search:
    """Fills the places one after the other; `chosen` (slot -> draw) grows."""

    def __init__(self, seed: int, style: str, chosen: dict[int, int]) -> None:
        self._seed, self._style, self._chosen = seed, style, chosen
        self._known: dict[tuple[int, int, str], NDArray[np.float64] | None] = {}
        self._accepted: list[NDArray[np.float64]] = []

    def see(self, crew: Crew, members: Sequence[Member], draws: range, title: str = "") -> None:
        """Look at the neutral faces of some draws of each place, or of the one chosen before.

        With a `title` the progress is shown under it.
        """
        tasks = []
        for member in members:
            wanted = tuple(draws)
            if member.slot in self._chosen:
                wanted = (self._chosen[member.slot],)
            tasks.append(Audition(self._seed, self._style, member, wanted, (_NEUTRAL,)))
        self._run(crew, tasks, title)

    def fill(self, crew: Crew, member: Member) -> None:
        """Choose the first draw that is unlike everybody chosen before and stays itself."""
        if member.slot in self._chosen:
            shown = self._known[(member.slot, self._chosen[member.slot], _NEUTRAL)]
            if shown is not None:
                self._accepted.append(shown)
            return
        for draw in range(_MOST_DRAWS):
            if (member.slot, draw, _NEUTRAL) not in self._known:
                self.see(crew, [member], range(draw, draw + _ROUND))
            shown = self._known[(member.slot, draw, _NEUTRAL)]
            apart = max(APART - RELAX * draw, APART_LEAST)
            if shown is None or self._nearest(shown) < apart:
                continue
            if self._stays_itself(crew, member, draw):
                self._take(member, draw, shown)
                return
        seen = [(draw, self._known[(member.slot, draw, _NEUTRAL)]) for draw in range(_MOST_DRAWS)]
        left = [(draw, shown) for draw, shown in seen if shown is not None]
        for draw, shown in sorted(left, key=lambda item: -self._nearest(item[1])):
            if self._stays_itself(crew, member, draw):
                self._take(member, draw, shown)
                return
        raise UserError(
            f"none of {_MOST_DRAWS} people drawn for place {member.label} is found by dlib with "
            "every expression; choose another --seed or fewer people"
        )

    def _take(self, member: Member, draw: int, shown: NDArray[np.float64]) -> None:
        self._accepted.append(shown)
        self._chosen[member.slot] = draw

    def _nearest(self, shown: NDArray[np.float64]) -> float:
        """Distance to the most alike of those chosen before."""
        if not self._accepted:
            return float("inf")
        return float(distances(shown[None], np.array(self._accepted)).min())

    def _stays_itself(self, crew: Crew, member: Member, draw: int) -> bool:
        """Whether strong expressions are found and stay near the neutral face."""
        tasks = [Audition(self._seed, self._style, member, (draw,), (look,)) for look in _STRONG]
        self._run(crew, tasks)
        rows = [self._known[(member.slot, draw, look)] for look in (_NEUTRAL, *_STRONG)]
        seen = np.array([row for row in rows if row is not None])
        return len(seen) == len(rows) and bool(distances(seen, seen).max() <= TOGETHER)

    def _run(self, crew: Crew, tasks: list[Audition], title: str = "") -> None:
        results = crew.run(audition, tasks)
        if title:
            total = sum(len(task.draws) * len(task.looks) for task in tasks)
            results = track(results, title, total, "pictures")
        for seen in results:
            self._known[(seen.slot, seen.draw, seen.look)] = seen.embedding


def audition(studio: Studio, kept: dict[str, Any], task: Audition) -> Iterator[Impression]:
    """Photograph candidates and embed the pictures."""
    if "likeness" not in kept:
        kept["likeness"] = Likeness()
    likeness: Likeness = kept["likeness"]
    style, size = STYLES[task.style], _SIZES[task.style]
    for draw in task.draws:
        wares = studio.prepare(person(task.seed, task.style, task.member, draw))
        for look in task.looks:
            frame = Frame("", Performance(look, 1.0), (task.member.slot, 0), size=size)
            image, _ = picture(studio, wares, style, task.seed, frame, None)
            yield Impression(task.member.slot, draw, look, likeness.embed(image)[1])


def _read_table(table: Path, seed: int, style: str) -> dict[int, int]:
    if not table.is_file():
        return {}
    try:
        content: dict[str, Any] = json.loads(table.read_text(encoding="utf-8"))
        found = (int(content["seed"]), str(content["set"]))
        draws = {int(row["slot"]): int(row["draw"]) for row in content["people"]}
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{table} is not a table of a cast ({error}); delete it to cast anew"
        ) from error
    if found != (seed, style):
        raise UserError(
            f"{table} is the cast of {found[1]} with seed {found[0]}, not of {style} with seed "
            f"{seed}; choose another output folder or delete it"
        )
    return draws


def _write_table(
    table: Path, seed: int, style: str, members: Sequence[Member], chosen: dict[int, int]
) -> None:
    labels = {member.slot: member for member in members}
    people = [
        {"slot": slot, "draw": draw}
        | ({"label": labels[slot].label, "group": labels[slot].group,
            "gender": labels[slot].gender} if slot in labels else {})
        for slot, draw in sorted(chosen.items())
    ]  # fmt: skip
    write_json(table, {"set": style, "seed": seed, "people": people})
