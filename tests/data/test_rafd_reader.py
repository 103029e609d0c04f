"""RaFD: everything in the file name, and which part of it is wrong."""

from __future__ import annotations

import pytest

from fet_core.data.readers import BadNameError, RaFD, parse_name
from fet_core.tables import EXPRESSIONS


def test_a_name_of_the_real_set():
    entry = parse_name("Rafd090_28_Caucasian_male_angry_frontal", "p.jpg")
    assert entry.sample_id == "Rafd090_28_Caucasian_male_angry_frontal"
    assert (entry.subject, entry.expression) == ("28", "angry")
    assert (entry.camera, entry.gaze, entry.path) == ("090", "frontal", "p.jpg")
    assert parse_name("Rafd180_07_Kid_female_happy_left", "p").camera == "180"
    assert parse_name("Rafd000_1_Moroccan_male_sad_right", "p").subject == "01"


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_expression_is_in_the_vocabulary(expression):
    assert parse_name(f"Rafd090_28_Kid_male_{expression}_left", "p").expression == expression


def test_upper_and_lower_case_do_not_matter():
    entry = parse_name("RAFD045_03_CAUCASIAN_Female_Fearful_RIGHT", "p")
    assert (entry.camera, entry.expression, entry.gaze) == ("045", "fearful", "right")


@pytest.mark.parametrize(
    ("stem", "part"),
    [
        ("IMG_0001", 'does not begin with "Rafd"'),
        ("Rafd091_28_Caucasian_male_angry_frontal", "angle is none of"),
        ("Rafd_28_Caucasian_male_angry_frontal", "angle is none of"),
        ("Rafd090_x8_Caucasian_male_angry_frontal", "model number is none"),
        ("Rafd090_00_Caucasian_male_angry_frontal", "model number is none"),
        ("Rafd090_²_Caucasian_male_angry_frontal", "model number is none"),
        ("Rafd090_28_Martian_male_angry_frontal", "group is none of"),
        ("Rafd090_28_Caucasian_man_angry_frontal", "gender is none of"),
        ("Rafd090_28_Caucasian_male_furious_frontal", 'expression is none of .*"furious"'),
        ("Rafd090_28_Caucasian_male_angry_up", "gaze is none of"),
        ("Rafd090_28_Caucasian_male_angry", "6 parts .* it has 5"),
        ("Rafd090_28_Caucasian_male_angry_frontal_2", "6 parts .* it has 7"),
        ("Rafd090_28_Caucasian_male_angry_frontal (1)", "gaze is none of"),
    ],
)
def test_a_name_that_does_not_parse_says_which_part(stem, part):
    with pytest.raises(BadNameError, match=part):
        parse_name(stem, "p")


def test_a_folder_with_bad_names_and_other_files(tmp_path, trees):
    trees.rafd(tmp_path, people=2)
    trees.picture(tmp_path / "Rafd045_01_Caucasian_male_happy_frontal.PNG", "RGB")
    trees.picture(tmp_path / "Rafd090_01_Caucasian_male_glad_frontal.JPG", "RGB")
    trees.picture(tmp_path / "team photo.jpg", "RGB")
    trees.picture(tmp_path / "old" / "Rafd090_01_Caucasian_male_happy_frontal.jpg", "RGB")
    (tmp_path / "validation.xls").write_bytes(b"x")
    (tmp_path / "._Rafd090_01_Caucasian_male_happy_frontal.jpg").write_bytes(b"x")
    listing = RaFD().find(tmp_path)
    assert len(listing.entries) == 7
    assert {reject.path for reject in listing.rejects} == {
        "Rafd090_01_Caucasian_male_glad_frontal.JPG",
        "team photo.jpg",
    }
    assert listing.strays == 1
    assert any("folders beside" in note and "old" in note for note in listing.notes)
    assert any("validation.xls" in note for note in listing.notes)


def test_reasons_of_one_kind_count_together(tmp_path, trees):
    trees.rafd(tmp_path, people=1)
    for word in ("glad", "bored"):
        trees.picture(tmp_path / f"Rafd090_01_Kid_male_{word}_left.jpg", "RGB")
    assert len({reject.kind for reject in RaFD().find(tmp_path).rejects}) == 1
