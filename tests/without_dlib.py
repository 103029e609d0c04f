"""Commands as they run where dlib is not installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

_CODE = """
import json, sys
sys.modules["dlib"] = sys.modules["face_recognition_models"] = None
from pipeline.cli import main
for words in json.loads(sys.argv[1]):
    sys.argv[1:] = words
    try:
        main()
    except SystemExit as end:
        if end.code:
            raise
"""


def without_dlib(repository: Path, *commands: list[str | Path]) -> subprocess.CompletedProcess[str]:
    """What a program gives that runs commands one after the other, until one does not end well."""
    words = json.dumps([[str(word) for word in command] for command in commands])
    return subprocess.run(
        [sys.executable, "-c", _CODE, words],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
