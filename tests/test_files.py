"""Files appear whole or not at all, and what was there before survives a failure."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fet_core.errors import UserError
from fet_core.files import (
    atomic_path,
    check_file,
    check_folder,
    inside,
    is_file,
    make_folder,
    mirror,
    sha256,
    shown,
    write_json,
    write_png,
    write_text,
)


def test_a_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "ä.txt"
    with atomic_path(path) as temporary:
        assert temporary.parent == path.parent
        assert temporary.suffix == ".txt"
        temporary.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("before")

    def fail() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        fail()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot make the folder"):
        write_text(tmp_path / "file" / "a.txt", "x")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises((UserError, PermissionError)):
        write_text(tmp_path / "locked" / "a.txt", "x")


def test_json(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"ssim": 0.1, "name": "Φ"})
    assert json.loads(path.read_text(encoding="utf-8")) == {"ssim": 0.1, "name": "Φ"}
    assert "Φ" in path.read_text(encoding="utf-8")
    assert path.read_text(encoding="utf-8").endswith("}\n")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_refuses_what_is_no_number(tmp_path: Path, value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"psnr": value})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3)])
def test_png(tmp_path: Path, shape: tuple[int, ...]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    write_png(tmp_path / "a.png", picture)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "a.png")), picture)


def test_sha256(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert sha256(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()


def test_a_long_path_is_cut_and_a_line_break_is_escaped() -> None:
    assert shown(Path("a/ä\nb.png")) == "a/ä\\nb.png"
    text = shown(Path("x" * 3000))
    assert text.startswith("x" * 100 + "…")
    assert text.endswith("x (3000 characters)")
    assert len(text) < 250


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("none.png", "there is no picture {0}; name one"),
        ("file/below.png", "there is no picture {0}; name one"),
        ("folder", "{0} is a folder; name one"),
        ("lost", "there is no picture {0}, only a link that leads nowhere; name one"),
        ("a\0b", "there is no picture {0} (embedded null byte); name one"),
        ("loop", "there is no picture {0} (Too many levels of symbolic links); name one"),
        ("pipe", "{0} is a device or a pipe; name one"),
    ],
)
def test_what_is_no_file(name: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "lost").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    path = tmp_path / name
    with pytest.raises(UserError) as told:
        check_file(path, "there is no picture", "name one")
    assert str(told.value) == complaint.format(shown(path))
    assert not is_file(path)
    check_file(tmp_path / "file", "there is no picture", "name one")
    assert is_file(tmp_path / "file")
    assert not is_file(Path("x" * 3000))


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("file", "{0}/file is a file, not a folder; choose"),
        ("file/a/b", "{0}/file is a file, not a folder, so that {0}/file/a/b cannot be made; "),
        ("lost/a", "{0}/lost is a link that leads nowhere; choose"),
        ("loop/a", "no folder can be at {0}/loop/a (Too many levels of symbolic links); choose"),
        ("a\0b", "(embedded null byte); choose"),
        ("x" * 3000, "(File name too long); choose"),
    ],
)
def test_what_can_be_no_folder(name: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "lost").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UserError) as told:
        check_folder(tmp_path / name, "choose another")
    assert complaint.format(tmp_path) in str(told.value)
    if name != "lost/a":
        with pytest.raises(UserError, match="cannot make the folder"):
            make_folder(tmp_path / name)
        assert sorted(tmp_path.iterdir()) == before


def test_a_folder_that_is_there_or_can_be_made(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "new/and/newer", Path("relative")):
        check_folder(folder, "choose another")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_what_may_not_be_read_or_written(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch(mode=0)
    with pytest.raises(UserError, match="may not be read; name one"):
        check_file(path, "there is no picture", "name one")
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="may not be written to; choose another"):
        check_folder(tmp_path / "a", "choose another")


def test_a_folder_becomes_what_others_hold(tmp_path: Path) -> None:
    one, two, target = (tmp_path / name for name in ("one", "two", "target"))
    for file in ("a.json", "short/a.json", "plots/1.png"):
        write_text(one / file, "new")
    write_text(two / "short/b.json", "new")
    (two / "figures").mkdir()
    for file in ("a.json", "mine.md", "short/a.json", "plots/1.png", "plots/x/9.png"):
        write_text(target / file, "old" if file == "a.json" else "new")
    for file in ("figures/face.png", "models/face.png"):
        write_text(target / file, "of somebody who may not be shown any more")
    kept = (target / "short/a.json").stat().st_mtime_ns
    mirror([one, two, tmp_path / "nowhere"], target)
    found = {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()}
    wanted = {"a.json", "mine.md", "short/a.json", "short/b.json", "plots/1.png"}
    assert found == wanted | {"models/face.png"}
    assert (target / "a.json").read_text(encoding="utf-8") == "new"
    assert (target / "short/a.json").stat().st_mtime_ns == kept


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a/../../b", "", ".", ".."])
def test_names_of_a_table_stay_inside_their_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not lie in"):
        inside(tmp_path, name)


def test_names_inside_of_a_folder(tmp_path: Path) -> None:
    assert inside(tmp_path, "a/b..c.png") == tmp_path / "a" / "b..c.png"
