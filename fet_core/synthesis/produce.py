"""Making a whole set: cast, plan, and photograph what is not yet on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fet_core.errors import UserError
from fet_core.files import atomic_path
from fet_core.progress import bar
from fet_core.synthesis.assets import Assets
from fet_core.synthesis.casting import cast
from fet_core.synthesis.crew import Crew
from fet_core.synthesis.layouts import (
    DS_STORE,
    RAFD_MODELS,
    Frame,
    Plan,
    ckplus_members,
    ckplus_plan,
    rafd_members,
    rafd_plan,
)
from fet_core.synthesis.shoot import STYLES, person, picture, save
from fet_core.synthesis.studio import Scene, Studio


@dataclass(frozen=True)
class Order:
    """What is to be made.

    Attributes:
        style: `rafd` or `ckplus`.
        people: how many.
        seed: of everything.
        size: width and height of a picture, pixels.
        everything: RaFD: all gazes and cameras.
        frames: CK+: fewest and most frames of a sequence.
        quality: of JPEG, 1..100.
    """

    style: str
    people: int
    seed: int
    size: tuple[int, int]
    everything: bool = False
    frames: tuple[int, int] = (6, 8)
    quality: int = 90


@dataclass(frozen=True)
class Session:
    """One person's pictures that are still to be taken. Picklable, sent to a worker."""

    order: Order
    plan: Plan
    draw: int
    out: Path


def demo_order(style: str, seed: int) -> Order:
    """The committed demo sets."""
    if style == "rafd":
        return Order("rafd", 40, seed, (340, 512))
    return Order("ckplus", 40, seed, (240, 184), frames=(6, 7))


def full_order(style: str, seed: int) -> Order:
    """Sets of the real ones' size and shape."""
    if style == "rafd":
        return Order("rafd", 67, seed, (681, 1024), everything=True)
    return Order("ckplus", 123, seed, (640, 490), frames=(10, 26))


def produce(order: Order, assets: Path, out: Path, processes: int = 2) -> int:
    """Make a set in `out`/`order.style`; what is there already is left as it is.

    Args:
        order: what to make.
        assets: folder of the assets.
        out: the cast's table is written here, the set in a folder of its name.
        processes: how many to work in, each with a GL context of its own.

    Returns:
        the number of pictures taken now.

    Raises:
        UserError: an impossible number of people, missing assets, no OpenGL, no dlib.
    """
    most = {"rafd": len(RAFD_MODELS), "ckplus": 123}[order.style]
    if not 1 <= order.people <= most:
        raise UserError(
            f"{order.people} people were asked for, but a set like {order.style} has 1 to {most}; "
            "change --people"
        )
    Assets.open(assets)
    members = (rafd_members if order.style == "rafd" else ckplus_members)(order.people)
    table = out / f"{order.style}-cast.json"
    draws = cast(order.seed, order.style, members, assets, processes, table)
    folder = out / order.style
    sessions, done, total = [], 0, 0
    for member in members:
        side = person(order.seed, order.style, member, draws[member.slot]).strong_side
        if order.style == "rafd":
            plan = rafd_plan(order.seed, member, side, order.size, order.everything)
        else:
            plan = ckplus_plan(order.seed, member, side, order.size, frames=order.frames)
        for path, content in plan.texts.items():
            _write(folder / path, content)
        todo = tuple(frame for frame in plan.frames if not (folder / frame.path).is_file())
        total += len(plan.frames)
        done += len(plan.frames) - len(todo)
        if todo:
            sessions.append(Session(order, Plan(member, todo), draws[member.slot], folder))
    if order.style == "ckplus":
        _write(folder / "cohn-kanade-images/.DS_Store", DS_STORE)
    taken = 0
    if not sessions:
        return 0
    with (
        Crew(assets, min(processes, len(sessions))) as crew,
        bar(f"rendering {order.style}", total, done, unit="pictures") as advance,
    ):
        for _ in crew.run(shoot, sessions):
            taken += 1
            advance()
    return taken


def shoot(studio: Studio, kept: dict[str, Any], session: Session) -> Iterator[str]:
    """Take and save the pictures of one person; yields each path when it is on disk."""
    order, plan = session.order, session.plan
    style = STYLES[order.style]
    wares = studio.prepare(person(order.seed, order.style, plan.member, session.draw))
    scene: Scene | None = None
    before: Frame | None = None
    for frame in plan.frames:
        # Cameras that stand round the person at one moment share the lit scene.
        if before is None or _instant(before) != _instant(frame):
            scene = None
        image, scene = picture(studio, wares, style, order.seed, frame, scene)
        save(session.out / frame.path, image, frame.colour, order.quality)
        before = frame
        yield frame.path


def _instant(frame: Frame) -> tuple[object, ...]:
    return (frame.moment, frame.drift, frame.gaze)


def _write(path: Path, content: bytes) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)
