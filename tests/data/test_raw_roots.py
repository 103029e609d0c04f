"""A root that is missing, empty, a file, too high or too deep: one sentence with the way out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fet_core.data.readers import make_reader
from fet_core.errors import UserError


def message(name, root) -> str:
    with pytest.raises(UserError) as caught:
        make_reader(name).find(root)
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize("name", ["ckplus", "rafd", "london", "folder"])
def test_missing_empty_and_file(tmp_path, name):
    gone = tmp_path / "gone"
    assert re.search(f"there is no folder {gone}; give a folder that holds", message(name, gone))
    empty = tmp_path / "empty"
    empty.mkdir()
    assert f"the folder {empty} is empty; give" in message(name, empty)
    file = tmp_path / "a.zip"
    file.write_bytes(b"PK")
    assert f"{file} is not a folder; give" in message(name, file)
    broken = tmp_path / "link"
    broken.symlink_to("nowhere")
    assert f"{broken} is not a folder" in message(name, broken)


@pytest.mark.parametrize("name", ["ckplus", "rafd", "london", "folder"])
def test_a_folder_of_something_else(tmp_path, name):
    (tmp_path / "holiday").mkdir()
    (tmp_path / "notes.txt").write_text("x")
    text = message(name, tmp_path)
    assert "is the wrong folder: expected a folder that holds" in text
    assert "found 1 folder (holiday) and 1 file (notes.txt)" in text


@pytest.mark.parametrize("name", ["ckplus", "rafd", "london", "folder"])
@pytest.mark.parametrize("levels", [1, 2])
def test_too_high_names_the_folder_below(tmp_path, trees, name, levels):
    right = tmp_path.joinpath(*["up", "the set"][-levels:])
    getattr(trees, name)(right)
    text = message(name, tmp_path)
    count = "one level" if levels == 1 else "2 levels"
    assert f"{tmp_path} is {count} too high: expected" in text
    assert f"give {right} instead" in text


@pytest.mark.parametrize("inside", ["", "/S001", "/S001/001"])
@pytest.mark.parametrize(
    "images", ["cohn-kanade-images", "extended-cohn-kanade-images/cohn-kanade-images"]
)
def test_ckplus_too_deep_names_the_folder_above(tmp_path, trees, images, inside):
    trees.ckplus(tmp_path, images=images)
    text = message("ckplus", tmp_path / (images + inside))
    assert "too deep: expected" in text
    assert f"give {tmp_path} instead" in text


def test_ckplus_emotion_folder_or_inner_zip_folder_as_root(tmp_path, trees):
    trees.ckplus(
        tmp_path,
        images="extended-cohn-kanade-images/cohn-kanade-images",
        emotions="Emotion_labels/Emotion",
    )
    assert f"give {tmp_path} instead" in message("ckplus", tmp_path / "Emotion_labels")
    # It holds cohn-kanade-images, but the labels would be lost without a word.
    assert f"give {tmp_path} instead" in message("ckplus", tmp_path / "extended-cohn-kanade-images")


def test_ckplus_unpacked_twice(tmp_path, trees):
    trees.ckplus(tmp_path / "cohn-kanade-images", emotions=None)
    assert f"give {tmp_path / 'cohn-kanade-images'} instead" in message("ckplus", tmp_path)


def test_london_too_deep(tmp_path, trees):
    trees.london(tmp_path)
    assert f"give {tmp_path} instead" in message("london", tmp_path / "neutral_front")


def test_several_good_folders_below_are_counted(tmp_path, trees):
    for name in ("a", "b", "c"):
        trees.rafd(tmp_path / name)
    assert f"give {tmp_path / 'a'} (or one of 2 others like it) instead" in message(
        "rafd", tmp_path
    )


def test_loops_of_links_do_not_hang_the_search(tmp_path):
    (tmp_path / "a").mkdir()
    for name in ("x", "y", "z"):
        (tmp_path / "a" / name).symlink_to(tmp_path)
    for name in ("ckplus", "rafd", "london", "folder"):
        assert "wrong folder" in message(name, tmp_path)


def test_a_link_to_the_root_and_a_relative_root_work(tmp_path, trees, monkeypatch):
    trees.rafd(tmp_path / "déjà vu 1")
    (tmp_path / "link").symlink_to(tmp_path / "déjà vu 1")
    monkeypatch.chdir(tmp_path)
    for root in (tmp_path / "link", Path("link"), Path("déjà vu 1")):
        assert len(make_reader("rafd").find(root).entries) == 9
