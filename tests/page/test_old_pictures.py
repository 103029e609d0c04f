"""What becomes of the pictures of a page that nobody ends."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

RAFD = Path("data/demo/rafd")

OLD = """
import sys, threading, time
from pathlib import Path
from pipeline.page import server

with server.listening("127.0.0.1", 0) as listener, server.private_folder() as folder:
    server.quieten(folder)
    from pipeline.page import layout

    layout._OLD, layout._LOOK = 2, 1
    page = layout.build(None, Path(sys.argv[1]))
    print(folder, listener.getsockname()[1], flush=True)
    server.run(page, listener)
"""


def test_old_pictures_go_and_examples_stay(repository: Path) -> None:
    pytest.importorskip("gradio", reason="gradio is not installed: make env-page")
    command = [sys.executable, "-c", OLD, str(RAFD.resolve())]
    process = subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        folder, port = process.stdout.readline().split()
        process.stdout.readline()
        boundary = "x" * 20
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"'
        body = f"{head}\r\n\r\nnothing\r\n--{boundary}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        url = f"http://127.0.0.1:{port}/gradio_api/upload"
        (path,) = json.loads(urllib.request.urlopen(urllib.request.Request(url, body, kind)).read())
        examples = [one for one in Path(folder).rglob("*.jpg") if one.name != "a.jpg"]
        assert len(examples) == 8
        deadline = time.monotonic() + 60
        while Path(path).exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not Path(path).exists()
        assert all(one.exists() for one in examples)
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
