"""A folder of one's own: its layouts, faces.csv, and the sentence for each mistake."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fet_core.data.disk import Listing
from fet_core.data.folder import OwnFolder
from fet_core.data.ingest import check_ingested, ingest, survey
from fet_core.data.names import WORDS, BadFaceError, parse_name
from fet_core.errors import UserError
from fet_core.tables import EXPRESSIONS

HEADER = "file,person,expression\n"


@pytest.fixture
def own(tmp_path, trees):
    """Makes a folder of pictures with these names, and a faces.csv; gives what is found there."""

    def make(*names: str, listed: str | bytes | None = None) -> Listing:
        for name in names:
            trees.picture(tmp_path / "set" / name)
        (tmp_path / "set").mkdir(exist_ok=True)
        if listed is not None:
            text = listed.encode() if isinstance(listed, str) else listed
            (tmp_path / "set" / "faces.csv").write_bytes(text)
        return OwnFolder().find(tmp_path / "set")

    return make


def people(listing: Listing) -> dict[str, tuple[str, str | None]]:
    """Path -> person and expression."""
    return {entry.path: (entry.subject, entry.expression) for entry in listing.entries}


def reasons(listing: Listing) -> dict[str, str]:
    return {reject.path: reject.reason for reject in listing.rejects}


@pytest.mark.parametrize(
    ("stem", "folder", "person", "expression"),
    [
        ("happy", "anna", "anna", "happy"),
        ("happy2", "anna", "anna", "happy"),
        ("happy_01", "anna", "anna", "happy"),
        ("HAPPY", "anna", "anna", "happy"),
        ("Smile (3)", "anna", "anna", "happy"),
        ("anna_sadness", "Anna", "Anna", "sad"),
        ("neutral in the garden", "p 01", "p 01", "neutral"),
        ("anger", "Zoë", "Zoë", "angry"),
        ("fear-big", " 07 ", "07", "fearful"),
        ("anna_happy", None, "anna", "happy"),
        ("anna_happy_01", None, "anna", "happy"),
        ("anna_happy2_evening", None, "anna", "happy"),
        ("p_01_Surprise", None, "p_01", "surprised"),
        ("anna-lena.disgust", None, "anna-lena", "disgusted"),
        ("J. Doe contempt", None, "J. Doe", "contemptuous"),
        ("सीता_neutral", None, "सीता", "neutral"),
        ("Zoe\u0308_smile_happy", None, "Zoë", "happy"),
    ],
)
def test_names_that_are_understood(stem, folder, person, expression):
    assert parse_name(stem, folder)[:2] == (person, expression)


@pytest.mark.parametrize(
    ("stem", "folder", "said"),
    [
        ("IMG_1234", "anna", "no word for an expression"),
        ("unhappy", "anna", "no word for an expression"),
        ("happy_or_sad", "anna", "more than one expression: happy and sad"),
        ("anna_anger_fear", None, "more than one expression: angry and fearful"),
        ("happy_anna", None, "begins with the expression and names no person"),
        ("_happy", None, "begins with the expression and names no person"),
        (
            "bob_happy",
            "anna",
            "neither with the expression nor .* name: bob in anna",
        ),
        ("happy_01", "happy", "the folder is named as an expression, where a person .*: happy"),
        ("001", "Sad2", "the folder is named as an expression"),
        ("happy", "  ", "no person is named"),
        ("happy", "an\nna", r"characters that cannot be shown: 'an\\nna'"),
    ],
)
def test_names_that_are_not_say_why(stem, folder, said):
    with pytest.raises(BadFaceError, match=said) as error:
        parse_name(stem, folder)
    assert "\n" not in str(error.value)


def test_every_word_is_of_the_vocabulary_and_every_expression_has_its_own():
    assert set(WORDS.values()) == set(EXPRESSIONS)
    assert all(word == word.lower() and word.isalpha() for word in WORDS)


PERSONS = st.text(st.characters(categories=["L", "Nd"]), max_size=8).map("x{}x".format)
"""Names that are no words for an expression."""


@given(PERSONS, st.sampled_from(sorted(WORDS)), st.sampled_from(["", "2", "_01", " b-side", "(3)"]))
def test_both_layouts_say_the_same(person, word, rest):
    for said in (word, word.upper(), word.title()):
        nested, flat = parse_name(said + rest, person), parse_name(f"{person}_{said}{rest}")
        assert nested == flat
        assert nested.expression == WORDS[word]


@given(st.text(max_size=30), st.none() | st.text(max_size=10))
def test_any_name_is_understood_or_refused(stem, folder):
    face, said = None, ""
    try:
        face = parse_name(stem, folder)
    except BadFaceError as error:
        said = str(error)
    assert "\n" not in said
    assert said or (face and face.person and face.expression in EXPRESSIONS)


def test_layouts_may_be_mixed_and_a_person_have_pictures_in_both(own):
    found = own("anna/happy.jpg", "anna/neutral 2.PNG", "anna_sad.png", "bob_neutral.tif")
    assert people(found) == {
        "anna/happy.jpg": ("anna", "happy"),
        "anna/neutral 2.PNG": ("anna", "neutral"),
        "anna_sad.png": ("anna", "sad"),
        "bob_neutral.tif": ("bob", "neutral"),
    }
    assert {entry.sample_id for entry in found.entries} >= {"anna/happy", "anna_sad"}
    assert {(one.camera, one.gaze, one.sequence) for one in found.entries} == {
        ("090", "frontal", "")
    }
    assert (found.rejects, found.notes, found.sequences, found.strays) == ((), (), 0, 0)


def test_what_was_understood_is_told(own, tmp_path):
    own("anna/smile.jpg", "anna/smile_2.jpg", "bob_happy.png", "a.jpg")
    listed = HEADER + "a.jpg,eve,Anger\n"
    (tmp_path / "set" / "faces.csv").write_text(listed, encoding="utf-8")
    assert survey("mine", OwnFolder(), tmp_path / "set").understood == (
        "by faces.csv: 1, e.g. a.jpg is eve, angry",
        "by person/expression: 2, e.g. anna/smile.jpg is anna, happy",
        "by person_expression: 1, e.g. bob_happy.png is bob, happy",
        "words: anger as angry (1), smile as happy (2)",
    )


def test_litter_is_passed_over_and_the_rest_is_told(own, tmp_path):
    for name in (".DS_Store", "._anna_happy.jpg", "Thumbs.db", "anna/._sad.jpg", "list.txt"):
        path = tmp_path / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    found = own("anna/happy.jpg", "anna/2024/sad.jpg", "anna/2025/sad.jpg", "portrait.jpg")
    assert list(people(found)) == ["anna/happy.jpg"]
    assert list(reasons(found)) == ["portrait.jpg"]
    assert found.strays == 4
    deep, others = found.notes
    assert deep.startswith("2 folders inside folders are not looked through, e.g. anna/2024;")
    assert others == "1 files are no pictures and were passed over, e.g. list.txt"


def test_one_picture_in_two_formats_counts_once(own, tmp_path, rule):
    own("anna/happy.jpg", "anna/happy.png", "anna/sad.jpg")
    result = ingest("mine", OwnFolder(), tmp_path / "set", rule(), processes=1)
    assert result.manifest["sample_id"].to_pylist() == ["anna/happy", "anna/sad"]
    assert result.rejects["path"].to_pylist() == ["anna/happy.png"]


def test_people_spelt_in_two_ways_are_told(own):
    found = own("Anna/happy.jpg", "anna_sad.jpg")
    assert found.notes == (
        '"Anna" and "anna" are taken for 2 people; write them alike if they are one',
    )


def test_the_list_names_what_no_name_says_and_counts_before_names(own):
    listed = (
        "\ufeffexpression, person ,file\r\n"
        "Fear,Eve,IMG_1.jpg\r\n\r\n"
        'smile,"Doe, Jo",session\\one\\IMG 2.jpg\r\n'
        "neutral,Eve,bob_happy.png\r\n"
        "sad,Eve,./Zo\u00eb/x.jpg\r\n"
    )
    names = (
        "IMG_1.jpg",
        "session/one/IMG 2.jpg",
        "bob_happy.png",
        "Zoe\u0308/x.jpg",
        "bob_sad.jpg",
    )
    found = own(*names, listed=listed)
    assert people(found) == {
        "IMG_1.jpg": ("Eve", "fearful"),
        "session/one/IMG 2.jpg": ("Doe, Jo", "happy"),
        "bob_happy.png": ("Eve", "neutral"),
        "Zoe\u0308/x.jpg": ("Eve", "sad"),
        "bob_sad.jpg": ("bob", "sad"),
    }
    assert found.rejects == ()


def test_a_bad_row_of_the_list_is_a_row_of_the_rejects(own, tmp_path):
    rows = (
        "gone.jpg,eve,happy\n../out.jpg,eve,happy\n/etc/x.jpg,eve,happy\nanna/../b.jpg,eve,sad\n"
        "a.jpg,eve,glad\nb.jpg,,sad\ntwice.jpg,eve,sad\n./twice.jpg,eve,sad\nnotes.txt,eve,sad\n"
        ",eve,sad\ngood.jpg,eve,sad\n"
    )
    names = [f"{name}.jpg" for name in ("a_happy", "a", "b", "twice", "good")]
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "notes.txt").write_bytes(b"x")
    found = own(*names, listed=HEADER + rows)
    assert reasons(found) == {
        "gone.jpg": "faces.csv names a file that is not there: line 2",
        "../out.jpg": "faces.csv names a file outside of the folder: line 3",
        "/etc/x.jpg": "faces.csv names a file outside of the folder: line 4",
        "anna/../b.jpg": "faces.csv names a file outside of the folder: line 5",
        "a.jpg": f"the expression in faces.csv is none of {', '.join(EXPRESSIONS)}: "
        'line 6 has "glad"',
        "b.jpg": "no person is named",
        "twice.jpg": "faces.csv has the file more than once: lines 8, 9",
        "notes.txt": "faces.csv names a file that is no picture by its name: line 10",
        "faces.csv": "faces.csv names a file that is not there: line 11",
    }
    assert set(people(found)) == {"a_happy.jpg", "good.jpg"}


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ("", "is empty; give it the columns file, person, expression, separated by commas"),
        ("\n \n", "is empty; give it"),
        ("a.jpg,eve,happy\n", r'is "a\.jpg,eve,happy" where the columns file, person, expression'),
        ("file;person;expression\n", r'"file;person;expression" where .* separated by commas, are'),
        ("file,person,expression,age\n", '"file,person,expression,age" where the columns'),
        ("file,person,person\n", '"file,person,person" where the columns'),
        ("file,person\n", '"file,person" where the columns'),
        (HEADER + "a, b.jpg,eve,happy\n", "line 2 of .* has 4 values where its first has 3; mend"),
        (HEADER + "a.jpg,eve\n", "line 2 of .* has 2 values"),
        (HEADER + 'a.jpg,"eve,happy\n', "line 2 of .* cannot be read as CSV"),
        (HEADER.encode() + b"a.jpg,Zo\xeb,happy\n", "is not text in UTF-8; save it as CSV"),
        ("file,person,expression".encode("utf-16"), "is not text in UTF-8"),
    ],
)
def test_a_list_that_cannot_be_read_is_one_sentence(own, listed, said):
    with pytest.raises(UserError) as error:
        own("a_happy.jpg", listed=listed)
    assert "faces.csv" in str(error.value)
    assert "\n" not in str(error.value)
    assert re.search(said, str(error.value))


def test_a_list_that_is_no_file(tmp_path, trees):
    trees.picture(tmp_path / "anna_happy.jpg")
    (tmp_path / "faces.csv").mkdir()
    with pytest.raises(UserError, match=r"faces\.csv is a folder; mend it or take it away"):
        OwnFolder().find(tmp_path)
    (tmp_path / "faces.csv").rmdir()
    (tmp_path / "faces.csv").symlink_to("nowhere")
    with pytest.raises(UserError, match=r"faces\.csv, only a link that leads nowhere; mend"):
        OwnFolder().find(tmp_path)


@given(st.binary(max_size=200) | st.text("file,person\n\"';aä/.", max_size=60).map(str.encode))
def test_any_list_is_understood_or_one_sentence(content):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "anna_happy.jpg").write_bytes(b"x")
        for start in (b"", HEADER.encode()):
            Path(folder, "faces.csv").write_bytes(start + content)
            found, said = None, ""
            try:
                found = OwnFolder().find(Path(folder))
            except UserError as error:
                said = str(error)
            assert "\n" not in said
            assert said or (found and people(found)["anna_happy.jpg"] == ("anna", "happy"))


LAYOUTS = r"person/expression, as anna/happy\.jpg .* or person_expression, .* or a faces\.csv with"


def test_where_nothing_is_understood_the_layouts_are_told(own):
    with pytest.raises(UserError, match=f"wrong folder: expected .*{LAYOUTS}.* found 2 folders"):
        own("happy/001.jpg", "sad/001.jpg", "IMG_1.jpg")


def test_a_list_and_no_picture(own):
    with pytest.raises(UserError, match=f"holds no picture; give a folder .*{LAYOUTS}"):
        own(listed=HEADER)


def test_a_person_as_the_root_names_the_folder_above(own, tmp_path):
    own("anna/happy.jpg", "bob/sad.jpg")
    with pytest.raises(UserError, match=f"one level too deep: .* give {tmp_path / 'set'} instead"):
        OwnFolder().find(tmp_path / "set" / "anna")


def test_others_beside_a_wrong_root_make_no_set_of_the_folder_above(own, tmp_path, trees):
    own("anna/happy.jpg", "bob_sad.jpg")
    trees.picture(tmp_path / "set" / "holiday" / "IMG_1.jpg")
    with pytest.raises(UserError, match=r"holiday is the wrong folder"):
        OwnFolder().find(tmp_path / "set" / "holiday")


def test_rows_of_a_list_count_among_the_pictures(own, tmp_path, rule):
    listed = HEADER + "gone.txt,eve,happy\n"
    own(*(f"p{n}/{name}.jpg" for n in range(8) for name in ("neutral", "sad")), listed=listed)
    result = ingest("mine", OwnFolder(), tmp_path / "set", rule(seed="auto"), processes=1)
    check_ingested(result, tmp_path, 0.2, tmp_path / "rejects.parquet")
    with pytest.raises(UserError, match=r"1 of 17 pictures .* as gone\.txt \(faces\.csv names a f"):
        check_ingested(result, tmp_path, 0.0, tmp_path / "rejects.parquet")


def test_nobody_needs_a_neutral_face(own, tmp_path, rule):
    names = [f"p{n}_{name}.jpg" for n in range(6) for name in ("happy", "sad")]
    own(*names, *(f"p{n}_neutral.jpg" for n in range(5)))
    found = survey("mine", OwnFolder(), tmp_path / "set", rule(seed="auto"))
    assert found.odd == ("1 of 6 people lack expressions: p5 (neutral)",)


@pytest.mark.skipif(os.name == "nt", reason="names are bytes")
def test_a_name_that_is_no_text(own, tmp_path, trees):
    own("anna/happy.jpg")
    path = tmp_path / "set" / os.fsdecode(b"b\xff_sad.jpg")
    try:
        path.write_bytes(b"x")
    except OSError:
        pytest.skip("this file system takes no such name")
    assert list(reasons(OwnFolder().find(tmp_path / "set")).values()) == [
        "the name is not valid UTF-8"
    ]
