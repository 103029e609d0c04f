"""Locks of folders: one process at a time, free at once when it is gone, and never in the way."""

from __future__ import annotations

import errno
import fcntl
import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest

from fet_core.errors import UserError
from fet_core.locks import exclusive, locked

HOLDER = """
import sys, time
from pathlib import Path
from fet_core.locks import exclusive

with exclusive(Path(sys.argv[1]), "align", "--out"):
    print("in", flush=True)
    time.sleep(600)
"""


def holder(folder: Path) -> subprocess.Popen[str]:
    """Another process that is writing "align" in the folder."""
    command = [sys.executable, "-c", HOLDER, str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "in\n"
    return process


def test_a_folder_is_locked_as_long_as_a_child_has_the_lock(tmp_path: Path) -> None:
    with locked(tmp_path, "{} is busy") as lock:
        child = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[lock.fileno()]
        )
    with pytest.raises(UserError, match="is busy"), locked(tmp_path, "{} is busy"):
        pass
    child.communicate(b"\n")
    with locked(tmp_path, "{} is busy"):
        pass


def test_two_processes_do_not_write_one_folder(tmp_path: Path) -> None:
    with holder(tmp_path) as first:
        with (
            pytest.raises(
                UserError, match=r'is writing "align" in .*; wait until .* another folder with --o'
            ),
            exclusive(tmp_path, "align", "--out"),
        ):
            pass
        with exclusive(tmp_path, "truths", "--out"):
            pass
        # What a process leaves that was killed is in nobody's way.
        first.kill()
    assert (tmp_path / ".align.lock").is_file()
    with exclusive(tmp_path, "align", "--out"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_command_that_writes_nothing_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(KeyError), exclusive(tmp_path / "a" / "b", "align", "--out"):
        raise KeyError
    with exclusive(tmp_path / "c" / "d", "align", "--out"):
        (tmp_path / "c" / "rejects.txt").write_text("x")
    with pytest.raises(KeyError), exclusive(tmp_path / "c" / "e", "align", "--out"):
        raise KeyError
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == ["d", "rejects.txt"]
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


def test_a_folder_is_the_same_by_another_name(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("there")
    with (
        exclusive(tmp_path / "there", "align", "--out"),
        pytest.raises(UserError, match="another command"),
        exclusive(tmp_path / "link", "align", "--out"),
    ):
        pass


def test_a_worker_that_outlives_its_command_does_not_hold_the_lock(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with exclusive(tmp_path, "align", "--out"):
        worker = context.Process(target=theirs.__class__.recv, args=(theirs,))
        worker.start()
    with exclusive(tmp_path, "align", "--out"):
        assert worker.is_alive()
    ours.send(None)
    worker.join()


def test_a_file_that_was_removed_under_the_hand_is_locked_by_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, flock, seen = tmp_path / ".align.lock", fcntl.flock, []

    def late(file: object, how: int) -> None:
        if not seen:
            # Whoever had the lock ends between the opening of its file and the lock.
            path.unlink()
        seen.append(file)
        flock(file, how)  # type: ignore[arg-type]

    monkeypatch.setattr(fcntl, "flock", late)
    with exclusive(tmp_path, "align", "--out"):
        assert path.is_file()
    assert len(seen) == 2


def test_a_file_system_without_locks_can_be_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with exclusive(tmp_path, "align", "--out"):
        (tmp_path / "a.txt").write_text("a")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
