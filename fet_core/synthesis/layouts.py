"""Which pictures make up a set in the layout of CK+ or RaFD, and what their files are called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from fet_core.synthesis.expressions import (
    CKPLUS_CODES,
    EXPRESSIONS,
    Performance,
    draw_performance,
    sequence_intensities,
    units_of,
)

GAZES = ("left", "frontal", "right")
CAMERAS = (0, 45, 90, 135, 180)
RAFD_MODELS = tuple(n for n in range(1, 74) if n not in (6, 13, 17, 34, 62, 66))

# RaFD: 39 Caucasian adults, 10 children, 18 Moroccan men; here in about these shares.
_RAFD_CAST = (
    ("Caucasian", "male"), ("Caucasian", "female"), ("Moroccan", "male"), ("Caucasian", "female"),
    ("Caucasian", "male"), ("Kid", "female"), ("Caucasian", "female"), ("Caucasian", "male"),
    ("Moroccan", "male"), ("Kid", "male"),
)  # fmt: skip

# Streams of random numbers: the first number after the seed says what they are for.
STREAMS = {"person": 1, "rafd": 2, "ckplus": 3, "light": 4, "sequence": 5, "known": 6, "shot": 7,
           "wild": 8}  # fmt: skip


@dataclass(frozen=True)
class Member:
    """One place in a set's cast: who may stand there and what they are called.

    Attributes:
        slot: 0, 1, 2, ...
        label: `28` for RaFD's model 28, `S005` for CK+'s subject 5.
        group, gender: see `identity.Identity`.
    """

    slot: int
    label: str
    group: str
    gender: str


@dataclass(frozen=True)
class Frame:
    """One picture.

    Attributes:
        path: below the set's folder.
        performance: what the face does.
        moment: numbers that seed pose and framing; pictures of one moment share them.
        gaze: `left`, `frontal` or `right`.
        camera: RaFD's angle, 90 in front.
        drift: 0..1, how far the head has moved from the moment's start to its end.
        colour: whether the picture has three channels.
        size: width and height in pixels.
    """

    path: str
    performance: Performance
    moment: tuple[int, ...]
    gaze: str = "frontal"
    camera: int = 90
    drift: float = 0.0
    colour: bool = True
    size: tuple[int, int] = (340, 512)


@dataclass(frozen=True)
class Plan:
    """All files of one person: pictures to take and small files to write as they are."""

    member: Member
    frames: tuple[Frame, ...]
    texts: dict[str, bytes] = field(default_factory=dict)


def generator(seed: int, stream: str, *numbers: int) -> np.random.Generator:
    """The random numbers for one purpose, a function of the integers alone."""
    return np.random.default_rng(np.random.SeedSequence([seed, STREAMS[stream], *numbers]))


def rafd_members(people: int) -> list[Member]:
    """The first `people` (1 to 67) models of a set like RaFD."""
    return [
        Member(slot, f"{RAFD_MODELS[slot]:02d}", *_RAFD_CAST[slot % len(_RAFD_CAST)])
        for slot in range(people)
    ]


def ckplus_members(people: int) -> list[Member]:
    """The first `people` (1 to 123) subjects of a set like CK+, from S005 to S999."""
    step = (999 - 5) // max(people - 1, 1)
    numbers = [5 + step * slot for slot in range(people)]
    if people > 1:
        numbers[-1] = 999
    genders = ("female", "female", "male")  # 69% of CK+'s subjects are women
    return [
        Member(slot, f"S{number:03d}", "Adult", genders[slot % 3])
        for slot, number in enumerate(numbers)
    ]


def rafd_name(member: Member, expression: str, gaze: str, camera: int) -> str:
    """`Rafd090_28_Caucasian_male_angry_frontal.jpg`."""
    return f"Rafd{camera:03d}_{member.label}_{member.group}_{member.gender}_{expression}_{gaze}.jpg"


def rafd_plan(
    seed: int, member: Member, strong_side: str, size: tuple[int, int], everything: bool
) -> Plan:
    """The pictures of one model.

    Args:
        seed: of the set.
        member: who.
        strong_side: of the person's one-sided expressions.
        size: width and height, pixels.
        everything: all gazes and cameras; otherwise the frontal ones, and for every sixth person
            some others.
    """
    frames = []
    for number, expression in enumerate(EXPRESSIONS):
        for turn, gaze in enumerate(GAZES):
            moment = (member.slot, number, turn)
            performance = draw_performance(
                generator(seed, "rafd", *moment), expression, 1.0, strong_side
            )
            for camera in CAMERAS:
                if everything or _in_demo(member.slot, number, gaze, camera):
                    name = rafd_name(member, expression, gaze, camera)
                    frames.append(Frame(name, performance, moment, gaze, camera, 0.0, True, size))
    return Plan(member, tuple(frames))


def _in_demo(slot: int, expression: int, gaze: str, camera: int) -> bool:
    if gaze == "frontal" and camera == 90:
        return True
    if slot % 6 == 0 and expression < 2:
        return gaze == "frontal" or camera == 90
    return False


def ckplus_plan(
    seed: int,
    member: Member,
    strong_side: str,
    size: tuple[int, int],
    sequences: int = 3,
    frames: tuple[int, int] = (6, 8),
) -> Plan:
    """The sequences of one subject, with their labels.

    Args:
        seed: of the set.
        member: who.
        strong_side: of the person's one-sided expressions.
        size: width and height, pixels.
        sequences: how many; the expressions rotate from person to person.
        frames: fewest and most frames of a sequence.
    """
    pictures: list[Frame] = []
    texts: dict[str, bytes] = {}
    names = [name for name in EXPRESSIONS if name != "neutral"]
    for number in range(sequences):
        rng = generator(seed, "sequence", member.slot, number)
        count = int(rng.integers(frames[0], frames[1] + 1))
        expression = names[(member.slot * sequences + number) % len(names)]
        colour = member.slot % 8 == 5 and number == 1
        peak = draw_performance(rng, expression, float(rng.uniform(0.88, 1.0)), strong_side)
        where = f"{member.label}/{number + 1:03d}"
        stem = f"{member.label}_{number + 1:03d}"
        times = sequence_intensities(count)
        for index, share in enumerate(times, start=1):
            performance = Performance(
                expression, peak.intensity * float(share), peak.left, peak.right, peak.wobble
            )
            path = f"cohn-kanade-images/{where}/{stem}_{index:08d}.png"
            height = size[1] * 48 // 49 if colour else size[1]
            pictures.append(
                Frame(path, performance, (member.slot, number), "frontal", 90,
                      (index - 1) / (count - 1), colour, (size[0], height))
            )  # fmt: skip
        last = f"{stem}_{count:08d}"
        texts[f"FACS/{where}/{last}_facs.txt"] = _facs_text(peak)
        if member.slot % 3 == 2 and number == 2:
            # Unlabelled: some folders of CK+ hold no file, others are missing.
            if member.slot % 2 == 0:
                texts[f"Emotion/{where}/.DS_Store"] = DS_STORE
        else:
            texts[f"Emotion/{where}/{last}_emotion.txt"] = _number(CKPLUS_CODES[expression]) + b"\n"
    if member.slot % 7 == 1:
        texts[f"cohn-kanade-images/{member.label}/.DS_Store"] = DS_STORE
        first = f"{member.label}/001/._{member.label}_001_00000001.png"
        texts[f"cohn-kanade-images/{first}"] = APPLE_DOUBLE
    return Plan(member, tuple(pictures), texts)


# What a Mac leaves behind: the first bytes of a folder's settings, and of a file's other half.
DS_STORE = b"\x00\x00\x00\x01Bud1" + bytes(24)
APPLE_DOUBLE = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        " + bytes(26)


def _number(value: float) -> bytes:
    return f"   {value:.7e}".encode()


def _facs_text(peak: Performance) -> bytes:
    """Lines of action unit and intensity (1 to 5), as CK+ writes them."""
    lines = []
    for unit, strength in sorted(units_of(peak).items()):
        grade = int(np.clip(np.ceil(5 * min(strength, 1.0)), 1, 5))
        lines.append(_number(unit) + _number(grade) + b"\n")
    return b"".join(lines)


def frames_of(plans: list[Plan]) -> Iterator[tuple[Plan, Frame]]:
    """All pictures of all plans."""
    for plan in plans:
        for frame in plan.frames:
            yield plan, frame
