"""Fuzzing guided by coverage: what the loaders say to any bytes is a sentence, or they read them.

    pip install atheris
    python benchmarks/fuzz.py tables corpus/tables -max_total_time=120

Arguments after the loader's name are libFuzzer's; files of a first corpus make it find more. It
ends with 1 and a file of the bytes where a loader raises anything but `UserError`.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

try:
    import atheris
except ImportError:
    raise SystemExit("fuzz: there is no atheris; say `pip install atheris`") from None

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

with atheris.instrument_imports(include=["fet_core"]):
    from fet_core import paramsfile, tables
    from fet_core.data.frames import open_faces
    from fet_core.data.listed import read_rows
    from fet_core.data.pictures import describe, read_picture
    from fet_core.errors import UserError
    from fet_core.face3d.bank import FORMAT
    from fet_core.face3d.stored import read_tensors


def _picture(path: Path) -> None:
    read_picture(path, describe(path).channels)


LOADERS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "params": ("yaml", paramsfile.load),
    "tables": ("parquet", lambda path: tables.read(path, tables.SAMPLES)),
    "arrays": ("npy", open_faces),
    "weights": ("safetensors", lambda path: read_tensors(path, FORMAT)),
    "pictures": ("png", _picture),
    "lists": ("csv", read_rows),
}


def main() -> None:
    """Give one loader bytes until it raises what it should not, or the time is up."""
    name = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    if name not in LOADERS:
        raise SystemExit(f"fuzz: say what to load, one of {', '.join(LOADERS)}")
    suffix, load = LOADERS[name]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"x.{suffix}"

        def once(content: bytes) -> None:
            path.write_bytes(content)
            with suppress(UserError):
                load(path)

        atheris.Setup(sys.argv, once)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
