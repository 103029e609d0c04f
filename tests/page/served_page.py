"""Serves the page in a process whose every look outside is noted and refused; no test itself."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from interrupts import hear_ctrl_c

INWARD = """
import ipaddress, sys

def heard(event, arguments):
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        host = arguments[1][0] if isinstance(arguments[1], tuple) else "127.0.0.1"
    else:
        return
    try:
        inward = ipaddress.ip_address(host).is_loopback
    except ValueError:
        inward = host == "localhost"
    if not inward:
        print("OUTSIDE", event, host, flush=True)
        raise OSError("no request leaves this machine")

sys.addaudithook(heard)
from pipeline.cli import main
main()
"""


@dataclass
class Served:
    """A page in a process of its own.

    Attributes:
        process: to be stopped.
        url: the page's.
        temporary: the folder in which its private one is.
        lines: what the process has said.
    """

    process: subprocess.Popen[str]
    url: str
    temporary: Path
    lines: list[str] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """The private folder."""
        (found,) = self.temporary.glob("fet-page-*")
        return found

    def stop(self, number: int = signal.SIGINT) -> int:
        """Tell it to stop; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=60)


def serve(temporary: Path, *options: str, cwd: Path) -> Served:
    """Serve a page on a free port; its streams go into `lines`."""
    pytest.importorskip("dlib", reason="dlib is not installed")
    pytest.importorskip("gradio", reason="gradio is not installed: make env-page")
    process = subprocess.Popen(
        [sys.executable, "-c", INWARD, "serve", "--port", "0", *options],
        cwd=cwd,
        env=os.environ | {"TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=hear_ctrl_c,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    found = re.match(r"(http://\S+) is the page until Ctrl-C", first)
    if found is None:
        process.kill()
        raise AssertionError(first + process.stdout.read())
    served = Served(process, found[1], temporary, [first])
    threading.Thread(target=lambda: served.lines.extend(process.stdout or ()), daemon=True).start()
    return served


def workers(served: Served) -> list[int]:
    """The processes that work for a page, by number."""
    threads = Path(f"/proc/{served.process.pid}/task").glob("*/children")
    found = [int(number) for one in threads for number in one.read_text().split()]
    return [number for number in found if b"spawn_main" in _command(number)]


def _command(number: int) -> bytes:
    try:
        return Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return b""


def until(what: Callable[[], object]) -> None:
    """Wait for something, a minute at most."""
    deadline = time.monotonic() + 60
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.05)
