"""The survey behind `fet check`: counts, what is missing, what is odd."""

from __future__ import annotations

import pytest

from fet_core.data.ckplus import LABELS
from fet_core.data.ingest import Count, survey
from fet_core.data.readers import make_reader
from fet_core.errors import UserError
from fet_core.tables import EXPRESSIONS


def test_ckplus(tmp_path, trees, rule):
    trees.ckplus(tmp_path, people=12)
    trees.sequence(tmp_path / "cohn-kanade-images", "S001", "003")
    trees.emotion(tmp_path / "Emotion", "S002", "001", "rubbish")
    (tmp_path / "cohn-kanade-images" / ".DS_Store").write_bytes(b"x")
    found = survey("ckplus", make_reader("ckplus"), tmp_path, rule())
    assert (found.people, found.sequences, found.pictures) == (12, 25, 125)
    assert tuple(found.expressions) == EXPRESSIONS
    assert found.expressions["neutral"] == Count(12, 25, 25)
    assert found.expressions["happy"] == Count(11, 11, 33)
    assert found.expressions["surprised"] == Count(12, 12, 36)
    assert found.expressions["sad"] == Count(0, 0, 0)
    assert found.unlabelled == 125 - 25 - 33 - 36
    assert found.cameras == {"090": 125}
    assert found.gazes == {"frontal": 125}
    assert sum(found.sides.values()) == 12
    assert found.reasons == [
        (
            "the emotion file does not hold a number",
            1,
            "Emotion/S002/001/S002_001_00000005_emotion.txt",
        )
    ]
    assert any("2 of 25 sequences" in sentence for sentence in found.odd)
    assert any("1 stray files" in sentence for sentence in found.odd)
    assert not found.opened


def test_the_published_label_counts_of_ckplus(tmp_path, trees):
    """327 label files as published, by CK+'s numbers, arrive under the right words."""
    published = {1: 45, 2: 18, 3: 59, 4: 25, 5: 69, 6: 28, 7: 83}
    frame = trees.picture(tmp_path / "frame.png").read_bytes()
    numbers = [number for number, count in published.items() for _ in range(count)]
    for place, number in enumerate(numbers):
        subject, sequence = f"S{place // 3:03d}", f"{place % 3 + 1:03d}"
        folder = tmp_path / "cohn-kanade-images" / subject / sequence
        folder.mkdir(parents=True)
        for count in (1, 2):
            (folder / f"{subject}_{sequence}_{count:08d}.png").write_bytes(frame)
        trees.emotion(tmp_path / "Emotion", subject, sequence, f"   {number:.7e}\n", 2)
    found = survey("ckplus", make_reader("ckplus"), tmp_path)
    counts = {name: found.expressions[name].sequences for name in EXPRESSIONS[1:]}
    assert counts == {LABELS[number]: count for number, count in published.items()}
    assert counts["surprised"] == 83
    assert counts["contemptuous"] == 18


def test_people_who_lack_expressions_are_named(tmp_path, trees):
    trees.rafd(tmp_path, people=3)
    (tmp_path / "Rafd090_02_Caucasian_male_angry_frontal.jpg").unlink()
    found = survey("rafd", make_reader("rafd"), tmp_path)
    assert found.odd == ("1 of 3 people lack expressions: 02 (angry)",)
    assert found.sides == {}
    assert found.sequences == 0
    assert found.expressions["angry"] == Count(2, 0, 2)


def test_pictures_are_opened_only_when_asked(tmp_path, trees):
    trees.rafd(tmp_path, people=3)
    (tmp_path / "Rafd090_02_Caucasian_male_angry_frontal.jpg").write_bytes(b"")
    reader = make_reader("rafd")
    closed = survey("rafd", reader, tmp_path)
    opened = survey("rafd", reader, tmp_path, decode=True, processes=1)
    assert (closed.pictures, len(closed.rejects)) == (9, 0)
    assert (opened.pictures, opened.opened) == (8, True)
    assert opened.reasons[0][0] == "the file is empty"


def test_a_split_with_too_few_people_is_odd_but_no_end(tmp_path, trees, rule):
    found = survey("rafd", make_reader("rafd"), trees.rafd(tmp_path, people=2), rule())
    assert any("each side needs 2" in sentence for sentence in found.odd)


def test_a_bad_share_is_told_with_a_seed_that_would_do(tmp_path, trees, rule):
    trees.rafd(tmp_path, people=12)
    reader = make_reader("rafd")
    surveys = [survey("rafd", reader, tmp_path, rule(test_share=0.2, seed=n)) for n in range(30)]
    by_count = {found.sides["test"]: found for found in surveys}
    assert not any("split.seed" in sentence for sentence in by_count[2].odd)
    assert by_count[2].seed in range(30)
    assert any("asks for 2.4; split.seed: " in sentence for sentence in by_count[5].odd)
    assert any("gives 2 on the test side" in sentence for sentence in by_count[1].odd)
    chosen = survey("rafd", reader, tmp_path, rule(test_share=0.2, seed="auto"))
    assert (chosen.sides, chosen.odd) == ({"train": 10, "test": 2}, ())
    assert chosen.seed == next(n for n, found in enumerate(surveys) if found.sides["test"] == 2)


def test_a_wrong_root_is_one_sentence(tmp_path):
    with pytest.raises(UserError, match="is empty"):
        survey("rafd", make_reader("rafd"), tmp_path)
