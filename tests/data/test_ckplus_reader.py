"""CK+: layouts of the zips, labels by position in the sequence, rubbish in names and labels."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fet_core.data.ckplus import IMAGES, LABELS, BadLabelError, CKPlus, read_label
from fet_core.data.disk import Listing
from fet_core.data.readers import make_reader
from fet_core.errors import UserError


def find(root: Path, peak_frames: int = 3) -> Listing:
    return CKPlus(peak_frames).find(root)


def labels_of(listing: Listing, subject: str, sequence: str) -> list[str | None]:
    found = [e for e in listing.entries if (e.subject, e.sequence) == (subject, sequence)]
    return [e.expression for e in sorted(found, key=lambda e: e.frame)]


@pytest.mark.parametrize("emotions", ["Emotion", "Emotion_labels/Emotion"])
@pytest.mark.parametrize("images", IMAGES)
def test_the_zips_layouts(tmp_path, trees, images, emotions):
    listing = find(trees.ckplus(tmp_path, people=2, images=images, emotions=emotions))
    assert not listing.rejects
    assert (listing.sequences, listing.labels) == (4, 4)
    assert labels_of(listing, "S001", "001") == ["neutral", None, "happy", "happy", "happy"]
    assert labels_of(listing, "S002", "002")[-1] == "surprised"
    entry = listing.entries[0]
    assert entry.sample_id == "S001_001_00000001"
    assert entry.path == f"{images}/S001/001/S001_001_00000001.png"
    assert (entry.camera, entry.gaze, entry.frame) == ("090", "frontal", 1)


def test_the_numbers_mean_what_the_data_set_says(tmp_path, trees):
    """0 neutral, 1 anger, 2 contempt, 3 disgust, 4 fear, 5 happy, 6 sadness, 7 surprise."""
    assert LABELS == (
        "neutral",
        "angry",
        "contemptuous",
        "disgusted",
        "fearful",
        "happy",
        "sad",
        "surprised",
    )
    for number, word in enumerate(LABELS):
        assert read_label(trees.emotion(tmp_path, "S", "1", f"  {number:.7e}\r\n")) == word


def test_order_is_by_frame_number_not_by_name(tmp_path, trees):
    images = tmp_path / "cohn-kanade-images"
    for number in (2, 10, 9, 11):
        trees.picture(images / "S001" / "001" / f"S001_001_{number}.png")
    trees.emotion(tmp_path / "Emotion", "S001", "001", "1.0")
    listing = find(tmp_path, peak_frames=2)
    frames = {entry.frame: entry.expression for entry in listing.entries}
    assert frames == {2: "neutral", 9: None, 10: "angry", 11: "angry"}
    assert {e.sample_id for e in listing.entries} >= {"S001_001_00000002", "S001_001_00000010"}


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        (1, ["neutral"]),
        (2, ["neutral", "sad"]),
        (3, ["neutral", "sad", "sad"]),
        (4, ["neutral", "sad", "sad", "sad"]),
        (5, ["neutral", None, "sad", "sad", "sad"]),
    ],
)
def test_short_sequences_keep_their_first_frame_neutral(tmp_path, trees, frames, expected):
    trees.sequence(tmp_path / "cohn-kanade-images", "S001", "001", frames)
    trees.emotion(tmp_path / "Emotion", "S001", "001", "6")
    assert labels_of(find(tmp_path), "S001", "001") == expected


def test_missing_and_empty_emotion_folders_are_no_errors(tmp_path, trees):
    trees.ckplus(tmp_path, people=2)
    trees.sequence(tmp_path / "cohn-kanade-images", "S009", "001")
    trees.sequence(tmp_path / "cohn-kanade-images", "S009", "002")
    (tmp_path / "Emotion" / "S009" / "001").mkdir(parents=True)
    listing = find(tmp_path)
    assert not listing.rejects
    assert labels_of(listing, "S009", "001") == ["neutral", None, None, None, None]
    assert labels_of(listing, "S009", "002") == ["neutral", None, None, None, None]
    assert any("2 of 6 sequences have no" in note for note in listing.notes)


def test_no_emotion_folder_at_all_is_a_note(tmp_path, trees):
    listing = find(trees.ckplus(tmp_path, people=2, emotions=None))
    assert {entry.expression for entry in listing.entries} == {"neutral", None}
    assert any('no folder "Emotion"' in note for note in listing.notes)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is empty"),
        (" \n\n", "is empty"),
        ("happy", "does not hold a number: happy"),
        ("nan", "does not hold a number"),
        ("inf", "does not hold a number"),
        ("1_0", "does not hold a number"),
        ("0x3", "does not hold a number"),
        ("8", "not a whole number from 0 to 7: 8"),
        ("-1", "not a whole number from 0 to 7"),
        ("3.5", "not a whole number from 0 to 7"),
        ("1e400", "not a whole number from 0 to 7"),
        ("3 5", "more than one number: 3 5"),
        ("3\n5\n", "more than one number"),
        (b"\xff\xfe3\x00", "not text in UTF-8"),
        (b"\x89PNG\r\n\x1a\n", "not text in UTF-8"),
    ],
)
def test_rubbish_in_a_label_file_is_a_reject_and_the_sequence_unlabelled(
    tmp_path, trees, content, reason
):
    trees.ckplus(tmp_path, people=1)
    bad = trees.emotion(tmp_path / "Emotion", "S001", "001", content)
    listing = find(tmp_path)
    (reject,) = listing.rejects
    assert reject.path == bad.relative_to(tmp_path).as_posix()
    assert reason in reject.reason
    assert labels_of(listing, "S001", "001") == ["neutral", None, None, None, None]
    assert labels_of(listing, "S001", "002")[-1] == "surprised"


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path, trees):
    assert read_label(trees.emotion(tmp_path, "S", "1", b"\xef\xbb\xbf3\r\n")) == "disgusted"


def test_a_huge_label_file_is_not_read_whole(tmp_path, trees):
    path = trees.emotion(tmp_path, "S", "1", "1 " * 1_000_000)
    with pytest.raises(BadLabelError, match=r".{10,120}$"):
        read_label(path)


def test_label_files_that_disagree_are_rejected_both(tmp_path, trees):
    trees.ckplus(tmp_path, people=1)
    trees.emotion(tmp_path / "Emotion", "S001", "001", "1", frame=4)
    listing = find(tmp_path)
    assert [r.kind for r in listing.rejects] == ["the emotion files of the sequence disagree"] * 2
    assert labels_of(listing, "S001", "001")[-1] is None


def test_a_label_without_pictures_is_noted(tmp_path, trees):
    trees.ckplus(tmp_path, people=1)
    trees.emotion(tmp_path / "Emotion", "S077", "003", "1")
    assert any("S077/003" in note for note in find(tmp_path).notes)


def test_strays_are_passed_over(tmp_path, trees):
    trees.ckplus(tmp_path, people=1)
    clean = find(tmp_path)
    images = tmp_path / "cohn-kanade-images"
    for folder in (tmp_path, images, images / "S001", images / "S001" / "001"):
        for name in (".DS_Store", "._S001_001_00000001.png", "Thumbs.db", "desktop.ini"):
            (folder / name).write_bytes(b"\0\1")
    (tmp_path / "Emotion" / "S001" / "001" / "._S001_001_00000005_emotion.txt").write_bytes(b"\0")
    (images / "__MACOSX" / "S001").mkdir(parents=True)
    dirty = find(tmp_path)
    assert dirty.entries == clean.entries
    assert not dirty.rejects
    assert dirty.strays == 3 * 4 + 2


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("picture.png", "does not end in a frame number"),
        ("S001_001_x.png", "does not end in a frame number"),
        ("S001_001_00000006 (copy).png", "does not end in a frame number"),
        ("S001_001_99999999999.png", "does not end in a frame number"),
        ("S001_001_٣.png", "does not end in a frame number"),
        ("S002_001_00000006.png", "does not begin with the folders"),
        ("00000006.png", "does not end in a frame number"),
    ],
)
def test_a_frame_name_that_does_not_parse_is_a_reject(tmp_path, trees, name, reason):
    trees.ckplus(tmp_path, people=1)
    clean = find(tmp_path)
    trees.picture(tmp_path / "cohn-kanade-images" / "S001" / "001" / name)
    listing = find(tmp_path)
    assert listing.entries == clean.entries
    (reject,) = listing.rejects
    assert reject.path.endswith(name)
    assert reason in reject.reason


def test_tiff_and_jpeg_copies_are_read_and_doubles_rejected(tmp_path, trees):
    folder = tmp_path / "cohn-kanade-images" / "S001" / "001"
    for name in ("S001_001_00000001.tiff", "S001_001_00000002.JPG", "S001_001_00000003.png"):
        trees.picture(folder / name)
    trees.picture(folder / "S001_001_00000003.tif")
    listing = find(tmp_path)
    assert [entry.frame for entry in listing.entries] == [1, 2, 3]
    (reject,) = listing.rejects
    assert reject.kind == "the same frame is there twice"


def test_pictures_at_the_wrong_level_and_deeper_folders_are_rejects(tmp_path, trees):
    trees.ckplus(tmp_path, people=1)
    images = tmp_path / "cohn-kanade-images"
    trees.picture(images / "S001_001_00000001.png")
    trees.picture(images / "S001" / "S001_001_00000001.png")
    trees.picture(images / "S001" / "001" / "more" / "S001_001_00000009.png")
    reasons = {reject.path: reject.reason for reject in find(tmp_path).rejects}
    assert reasons == {
        "cohn-kanade-images/S001_001_00000001.png": "the picture does not lie in subject/sequence/",
        "cohn-kanade-images/S001/S001_001_00000001.png": (
            "the picture does not lie in subject/sequence/"
        ),
        "cohn-kanade-images/S001/001/more": "a folder inside a sequence is not read",
    }


def test_spaces_and_other_alphabets_in_names(tmp_path, trees):
    root = tmp_path / "my déjà vu фото"
    for subject in ("Zoë Müller", "李 明"):
        trees.sequence(root / "cohn-kanade-images", subject, "take 1")
        trees.emotion(root / "Emotion", subject, "take 1", "5")
    listing = find(root)
    assert not listing.rejects
    assert labels_of(listing, "李 明", "take 1")[-1] == "happy"
    assert listing.entries[0].sample_id.startswith("Zoë Müller_take 1_")


def test_decomposed_names_are_one_person_with_composed_ones(tmp_path, trees):
    """macOS spells é as e and an accent; the split must not depend on that."""
    trees.sequence(tmp_path / "cohn-kanade-images", "Rene\u0301", "001")
    trees.emotion(tmp_path / "Emotion", "Ren\u00e9", "001", "5")
    listing = find(tmp_path)
    assert labels_of(listing, "Ren\u00e9", "001")[-1] == "happy"


def test_a_name_that_is_not_utf8_is_a_reject(tmp_path, trees):
    trees.ckplus(tmp_path, people=1)
    inside = os.fsencode(tmp_path / "cohn-kanade-images" / "S001" / "001")
    with open(inside + b"/S001_001_\xff.png", "wb") as file:  # noqa: PTH123 - a name in bytes
        file.write(b"x")
    os.mkdir(os.fsencode(tmp_path / "cohn-kanade-images") + b"/S\xff02")  # noqa: PTH102
    rejects = find(tmp_path).rejects
    assert [reject.reason for reject in rejects] == ["the name is not valid UTF-8"] * 2
    for reject in rejects:
        reject.path.encode("utf-8")


def test_loops_of_links_pipes_and_broken_links_do_not_hang(tmp_path, trees):
    trees.ckplus(tmp_path, people=1)
    clean = find(tmp_path)
    images = tmp_path / "cohn-kanade-images"
    (images / "loop").symlink_to(tmp_path)
    (images / "S001" / "up").symlink_to(images)
    (images / "S001" / "001" / "self").symlink_to("self")
    (images / "S001" / "001" / "S001_001_00000007.png").symlink_to("nowhere.png")
    os.mkfifo(images / "S001" / "001" / "S001_001_00000008.png")
    listing = find(tmp_path)
    assert {e.sample_id for e in clean.entries} <= {e.sample_id for e in listing.entries}
    reasons = {r.path.rsplit("/", 1)[-1]: r.reason for r in listing.rejects}
    assert "broken link" in reasons["S001_001_00000007.png"]
    assert "neither a file" in reasons["S001_001_00000008.png"]


def test_peak_frames_and_reader_names_are_checked():
    with pytest.raises(UserError, match="peak_frames is 0"):
        make_reader("ckplus", 0)
    with pytest.raises(UserError, match='no reader "ck"; choose one of ckplus, rafd, london'):
        make_reader("ck")
    assert make_reader("ckplus", 2) == CKPlus(2)
