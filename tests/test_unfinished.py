"""What a killed process left of a file goes with the next writing, and nobody living loses any."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path
from types import FrameType

import numpy as np
import pytest
from import_graph import ROOT

from fet_core.files import atomic_path, write_text
from fet_core.unfinished import unfinished

KILLED = """
import os, sys
from pathlib import Path
from fet_core.files import atomic_path

with atomic_path(Path(sys.argv[1])) as temporary:
    temporary.write_text("more than will be written by the next one")
    os.kill(os.getpid(), 9)
"""

WEIGHTS = """
import resource, signal, sys
from pathlib import Path
from torch import nn
from fet_core.nets.weights import save

signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
save(Path(sys.argv[1]), "made", {}, nn.Linear(200, 200), {})
"""
"""Ends in the middle of the file."""


def killed(code: str, path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", code, str(path)], cwd=ROOT, check=False)
    assert done.returncode < 0


def test_what_a_kill_left_goes_with_the_next_writing(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for _ in range(2):
        killed(KILLED, path)
    assert [one.name for one in tmp_path.iterdir()] == [".a.part.txt"]
    write_text(path, "new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_so_do_weights(tmp_path: Path) -> None:
    from torch import nn

    from fet_core.nets.weights import save

    path = tmp_path / "a.safetensors"
    killed(WEIGHTS, path)
    save(path, "made", {}, nn.Linear(2, 2), {})
    assert list(tmp_path.iterdir()) == [path]


def test_two_at_once_do_not_write_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with atomic_path(path) as first, atomic_path(path) as second:
        assert first != second
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_system_without_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with unfinished(tmp_path / "a.txt") as temporary:
        assert str(os.getpid()) in temporary.name
        assert not list(tmp_path.iterdir())


def test_a_failure_to_clean_up_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    def write() -> None:
        with unfinished(tmp_path / "a.txt"):
            monkeypatch.setattr(Path, "unlink", refuse)
            raise KeyError("what went wrong")

    with pytest.raises(KeyError, match="what went wrong"):
        write()


def test_a_link_in_the_place_is_not_written_through(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("theirs")
    (tmp_path / ".a.part.txt").symlink_to(other)
    write_text(tmp_path / "a.txt", "new")
    assert other.read_text() == "theirs"


def test_a_long_name(tmp_path: Path) -> None:
    path = tmp_path / ("é" * 120 + ".json")
    write_text(path, "new")
    assert list(tmp_path.iterdir()) == [path]


def test_what_was_written_keeps_the_rights_of_new_files(tmp_path: Path) -> None:
    from fet_core.data.frames import write_faces

    write_faces(tmp_path / "a.npy", np.zeros((1, 8, 8, 3), np.uint8))
    (tmp_path / "b").touch()
    assert (tmp_path / "a.npy").stat().st_mode == (tmp_path / "b").stat().st_mode


class _Signal(BaseException):
    pass


def _stopped_at(call: int, path: Path) -> bool:
    """Write with an exception at the given one of the places where Python looks for signals."""
    seen = 0

    def count(_: FrameType, event: str, __: object) -> None:
        nonlocal seen
        seen += event in ("call", "c_return")
        if seen == call:
            sys.setprofile(None)
            raise _Signal

    before = sys.getprofile()
    try:
        sys.setprofile(count)
        write_text(path, "new")
    except _Signal:
        return True
    finally:
        sys.setprofile(before)
    return False


def test_a_signal_at_any_place_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    call = 1
    while _stopped_at(call, path):
        assert set(tmp_path.iterdir()) <= {path}, f"at place {call}"
        call += 1
        path.unlink(missing_ok=True)
    assert call > 40
