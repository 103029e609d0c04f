"""Names, counts and labels of the planned files, against the real sets' layouts."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from fet_core.synthesis.expressions import CKPLUS_CODES, EXPRESSIONS
from fet_core.synthesis.layouts import (
    CAMERAS,
    GAZES,
    RAFD_MODELS,
    ckplus_members,
    ckplus_plan,
    generator,
    rafd_members,
    rafd_name,
    rafd_plan,
)

RAFD = re.compile(
    r"Rafd(000|045|090|135|180)_\d\d_(Caucasian|Kid|Moroccan)_(male|female)_"
    r"(neutral|happy|sad|surprised|angry|fearful|disgusted|contemptuous)_"
    r"(left|frontal|right)\.jpg"
)


def test_rafd_name_is_the_documented_one() -> None:
    (member,) = [m for m in rafd_members(67) if m.label == "28"]
    name = rafd_name(member, "angry", "frontal", 90)
    assert name == f"Rafd090_28_{member.group}_{member.gender}_angry_frontal.jpg"


def test_rafd_has_67_models_and_the_known_gaps() -> None:
    assert len(RAFD_MODELS) == 67
    assert not {6, 13, 17, 34, 62, 66} & set(RAFD_MODELS)
    assert (RAFD_MODELS[0], RAFD_MODELS[-1]) == (1, 73)
    members = rafd_members(67)
    assert len({m.label for m in members}) == 67
    assert all(m.gender == "male" for m in members if m.group == "Moroccan")


def test_the_whole_rafd_has_8040_pictures() -> None:
    names = [
        frame.path
        for member in rafd_members(67)
        for frame in rafd_plan(1, member, "left", (681, 1024), everything=True).frames
    ]
    assert len(names) == len(set(names)) == 67 * 8 * len(GAZES) * len(CAMERAS) == 8040
    assert all(RAFD.fullmatch(name) for name in names)


def test_the_demo_rafd_has_everybody_from_the_front_and_some_others() -> None:
    plans = [rafd_plan(1, m, "left", (340, 512), everything=False) for m in rafd_members(30)]
    for plan in plans:
        front = [f for f in plan.frames if f.camera == 90 and f.gaze == "frontal"]
        assert [f.performance.expression for f in front] == list(EXPRESSIONS)
    others = [f for plan in plans for f in plan.frames if f.camera != 90 or f.gaze != "frontal"]
    assert {f.camera for f in others} == set(CAMERAS)
    assert {f.gaze for f in others} == set(GAZES)


def test_cameras_of_one_moment_see_the_same_face() -> None:
    plan = rafd_plan(1, rafd_members(1)[0], "left", (681, 1024), everything=True)
    moments = {(f.performance.expression, f.gaze): f for f in plan.frames}
    for frame in plan.frames:
        assert frame.performance == moments[frame.performance.expression, frame.gaze].performance


@pytest.mark.parametrize("people", [1, 2, 24, 123])
def test_ckplus_subjects(people: int) -> None:
    labels = [m.label for m in ckplus_members(people)]
    assert len(set(labels)) == people
    assert labels == sorted(labels)
    assert labels[0] == "S005"
    assert all(re.fullmatch(r"S\d{3}", label) for label in labels)


def test_ckplus_sequences_labels_and_strays() -> None:
    plans = [ckplus_plan(1, m, "left", (320, 245)) for m in ckplus_members(24)]
    codes: Counter[int] = Counter()
    unlabelled = 0
    for plan in plans:
        frames: dict[str, list[str]] = {}
        for frame in plan.frames:
            top, subject, sequence, name = frame.path.split("/")
            assert top == "cohn-kanade-images"
            assert subject == plan.member.label
            assert name.startswith(f"{subject}_{sequence}_")
            frames.setdefault(sequence, []).append(name)
        assert sorted(frames) == ["001", "002", "003"]
        labelled = 0
        for sequence, names in frames.items():
            stem = f"{plan.member.label}_{sequence}"
            assert names == [f"{stem}_{k:08d}.png" for k in range(1, len(names) + 1)]
            assert 6 <= len(names) <= 8
            last = names[-1][:-4]
            where = f"{plan.member.label}/{sequence}"
            assert f"FACS/{where}/{last}_facs.txt" in plan.texts
            emotion = plan.texts.get(f"Emotion/{where}/{last}_emotion.txt")
            if emotion is None:
                unlabelled += 1
            else:
                labelled += 1
                assert re.fullmatch(rb"   [1-7]\.0000000e\+00\n", emotion)
                codes[int(float(emotion))] += 1
        assert labelled >= 2
    assert unlabelled >= 3
    assert set(codes) == set(CKPLUS_CODES.values()) - {0}
    assert min(codes.values()) >= 6
    strays = [name for plan in plans for name in plan.texts if ".DS_Store" in name or "/._" in name]
    assert strays
    colour = {f.path.rsplit("/", 1)[0] for plan in plans for f in plan.frames if f.colour}
    assert 2 <= len(colour) <= 8


def test_ckplus_sequence_rises_from_nothing() -> None:
    plan = ckplus_plan(1, ckplus_members(3)[1], "left", (320, 245))
    sequence = [f for f in plan.frames if "/002/" in f.path]
    strength = [f.performance.intensity for f in sequence]
    assert strength[0] == 0.0
    assert strength == sorted(strength)
    assert strength[-1] > 0.85


def test_facs_file_names_the_units_of_the_peak() -> None:
    plan = ckplus_plan(1, ckplus_members(2)[0], "left", (320, 245))
    (text,) = [t for n, t in plan.texts.items() if n.startswith("FACS") and "/001/" in n]
    rows = [tuple(map(float, line.split())) for line in text.splitlines()]
    assert all(re.fullmatch(rb"(   \d\.\d{7}e\+\d\d){2}", line) for line in text.splitlines())
    assert {12.0, 6.0} <= {unit for unit, _ in rows}
    assert all(1 <= grade <= 5 for _, grade in rows)


def test_streams_are_functions_of_their_numbers_alone() -> None:
    a = generator(1, "person", 0, 3, 0).random(4)
    assert (a == generator(1, "person", 0, 3, 0).random(4)).all()
    assert (a != generator(1, "person", 0, 3, 1).random(4)).any()
    assert (a != generator(2, "person", 0, 3, 0).random(4)).any()
    assert (a != generator(1, "light", 0, 3, 0).random(4)).any()
