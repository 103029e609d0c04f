"""Folders that may not be searched, and names that no file can have: one short sentence each.

Permissions do not bind root, whom suites often run as: what the system says to others is put in."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fet_core import tables
from fet_core.data.disk import scan
from fet_core.data.frames import open_faces
from fet_core.data.readers import Kind, make_reader
from fet_core.errors import UserError
from fet_core.files import check_file, check_searched

TOP = Path(__file__).resolve().parents[1]
Close = Callable[[Path], None]


@pytest.fixture
def close(monkeypatch: pytest.MonkeyPatch) -> Close:
    """Makes a folder one of mode 0600: its names can be listed and nothing in it be looked at."""

    def closed(folder: Path) -> None:
        def refusing(real: Callable[..., Any]) -> Callable[..., Any]:
            def call(path: Any, *rest: Any, **options: Any) -> Any:
                if isinstance(path, str | os.PathLike) and folder in Path(path).parents:
                    raise PermissionError(errno.EACCES, "Permission denied", str(path))
                return real(path, *rest, **options)

            return call

        for name in ("stat", "lstat", "scandir", "listdir"):
            monkeypatch.setattr(os, name, refusing(getattr(os, name)))
        allowed = os.access

        def access(path: Any, mode: int, **options: Any) -> bool:
            inside = Path(path) == folder and mode & os.X_OK
            return not inside and folder not in Path(path).parents and allowed(path, mode)

        monkeypatch.setattr(os, "access", access)

    return closed


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("frames.parquet", lambda path: tables.read(path, tables.FRAMES)),
        ("faces.npy", open_faces),
        ("kind.json", Kind.read),
        ("a.jpg", lambda path: check_file(path, "there is no picture", "name another")),
    ],
)
def test_a_file_there_is_not_said_to_be_missing(
    tmp_path: Path, close: Close, name: str, read: Callable[[Path], Any]
) -> None:
    path = tmp_path / "closed" / name
    path.parent.mkdir()
    path.write_bytes(b"x")
    close(path.parent)
    with pytest.raises(UserError) as error:
        read(path)
    assert str(error.value).startswith(f"{path} may not be read (Permission denied); ")


@pytest.mark.parametrize("name", ["ckplus", "rafd", "london", "folder"])
@pytest.mark.parametrize("below", ["", "set"])
def test_a_raw_folder_there_is_not_said_to_be_missing_or_wrong(
    tmp_path: Path, close: Close, name: str, below: str
) -> None:
    folder = tmp_path / "closed"
    (folder / "set").mkdir(parents=True)
    close(folder)
    with pytest.raises(UserError) as error:
        make_reader(name).find(folder / below)
    said = f"the folder {folder / below} may not be looked into; change its permissions or give"
    assert str(error.value).startswith(said)


def test_what_lies_in_a_folder_that_may_not_be_searched_is_not_lost(
    tmp_path: Path, close: Close
) -> None:
    (tmp_path / "S001" / "001").mkdir(parents=True)
    close(tmp_path / "S001")
    found = scan(tmp_path / "S001", tmp_path)
    assert [(one.path, one.reason) for one in found.rejects] == [
        ("S001", "the folder may not be looked into")
    ]
    assert found.others == []


def test_a_folder_of_results(tmp_path: Path, close: Close) -> None:
    check_searched(tmp_path / "nowhere", "name another")
    check_searched(tmp_path, "name another")
    close(tmp_path)
    with pytest.raises(UserError, match=r"may not be looked into; name another"):
        check_searched(tmp_path, "name another")


LONG = "n" * 5000
DATA = "--dataset rafd"


@pytest.mark.parametrize(
    "command",
    [
        f"ingest {DATA} --root {LONG}",
        f"ingest {DATA} --out {LONG}",
        f"ingest {DATA} --params {LONG}",
        f"check {DATA} --root {LONG}",
        f"grayscale {DATA} --in {LONG}",
        f"align {DATA} --in {LONG}",
        f"augment {DATA} --in {LONG}",
        f"truths {DATA} --in {LONG}",
        f"train fet/fusion {DATA} --in {LONG}",
        f"train {LONG} {DATA}",
        f"train fet/{LONG} {DATA}",
        f"evaluate {DATA} --in {LONG}",
        f"evaluate {DATA} --row {LONG}",
        f"compare --dataset {LONG}",
        f"merge {LONG} --out o",
        f"show --metrics {LONG}",
        f"profile {LONG}",
        f"study {LONG}",
        f"read {LONG}",
        f"transfer {LONG} {LONG} -o o.png",
    ],
    ids=lambda command: command.replace(LONG, "LONG"),
)
def test_a_name_that_no_file_can_have_is_cut(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from pipeline.cli import main

    (tmp_path / "params.yaml").write_bytes((TOP / "params.yaml").read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["fet", *command.split()])
    with pytest.raises(SystemExit) as end:
        main()
    error = capsys.readouterr().err
    assert end.value.code == 2
    assert error.startswith("fet: ")
    assert error.count("\n") == 1
    assert len(error) < 700


def test_links_that_lead_round_in_a_circle_are_not_merged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from pipeline.cli import main

    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.setattr(sys, "argv", ["fet", "merge", str(tmp_path / "loop"), "--out", "o"])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main()
    assert "there is no " in capsys.readouterr().err


def test_a_table_in_a_folder_whose_name_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"a\xffb") / "frames.parquet"
    row = {"sample_id": "a", "source": "raw", "path": "a.png", "conversion": ""}
    tables.write(path, tables.from_rows([row], tables.FRAMES), tables.FRAMES)
    assert tables.read(path, tables.FRAMES).to_pylist() == [row]
