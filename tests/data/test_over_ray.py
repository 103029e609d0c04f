"""The per-picture work on Ray Data: what the local engine gives, row for row, whatever dies."""

from __future__ import annotations

import hashlib
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from fet_core.data.faces import align_all, mean_landmarks_all
from fet_core.data.pictures import describe
from fet_core.errors import UserError
from fet_core.files import sha256
from fet_core.parallel import Engine, each
from fet_core.params import Align

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "data" / "demo" / "rafd"
PARAMS = Align(
    size=64,
    eye_distance=0.3,
    eye_height=0.35,
    scales=[0.5, 1.0],
    several_faces="reject",
    max_reject_share=0.5,
)


@pytest.fixture
def installed() -> Any:
    return pytest.importorskip("ray", reason="ray is not installed (make env-ray)")


def test_without_ray_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And the engine comes from the environment, so that DVC's commands do not name it."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"needs the package ray; run `make env-ray`"):
        list(each(str, [1], "words", engine=Engine.RAY))
    from typer.testing import CliRunner

    from pipeline.cli import app

    monkeypatch.setenv("FET_ENGINE", "ray")
    monkeypatch.chdir(ROOT)
    told = CliRunner().invoke(app, ["ingest", "--dataset", "rafd", "--out", str(tmp_path)])
    assert isinstance(told.exception, UserError)
    assert "make env-ray" in str(told.exception)
    for file in ("dvc.yaml", "params.yaml"):
        assert "engine" not in (ROOT / file).read_text(encoding="utf-8").lower()


def pictures(folder: Path, count: int) -> list[Path]:
    """Demo faces, and among them one file that is no picture and one without a face."""
    found = sorted(DEMO.glob("Rafd090*.jpg"))[:count]
    broken, empty = folder / "broken.jpg", folder / "empty.png"
    broken.write_bytes(found[0].read_bytes()[:300])
    from PIL import Image

    Image.new("RGB", (200, 200), "grey").save(empty)
    return [*found[:5], broken, empty, *found[5:]]


def same(one: Any, other: Any) -> bool:
    """Whether two results are the same to the bit."""
    return (
        hashlib.sha256(pickle.dumps(one)).digest() == hashlib.sha256(pickle.dumps(other)).digest()
    )


class Killer(threading.Thread):
    """Kills the first worker of Ray that it sees at work, and notes whom all are connected to."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.killed: list[int] = []
        self.connected: set[str] = set()

    def run(self) -> None:
        import psutil

        while not self.killed:
            for process in psutil.Process().children(recursive=True):
                with suppress(psutil.Error):
                    self.connected |= {
                        one.raddr.ip for one in process.net_connections() if one.raddr
                    }
                    if process.name().startswith("ray::Map"):
                        process.kill()
                        self.killed.append(process.pid)
                        return


@pytest.mark.slow
def test_faces_and_landmarks_are_those_of_the_local_engine_when_a_worker_is_killed(
    installed: Any, finder: Any, tmp_path: Path
) -> None:
    import psutil

    paths = pictures(tmp_path, 60)
    wanted = list(align_all(paths, 3, PARAMS, processes=1))
    assert sum(isinstance(face, str) for face in wanted) == 2
    killer = Killer()
    killer.start()
    found = list(align_all(paths, 3, PARAMS, processes=2, engine=Engine.RAY))
    assert killer.killed
    own = {address.address for nics in psutil.net_if_addrs().values() for address in nics}
    assert {name.removeprefix("::ffff:") for name in killer.connected} <= own
    assert len(found) == len(wanted)
    assert all(same(one, other) for one, other in zip(found, wanted, strict=True))
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
    assert not installed.is_initialized()

    faces = [
        (path, face) for path, face in zip(paths, wanted, strict=True) if not isinstance(face, str)
    ]
    items = [(path, face.box.as_list(), face.matrix) for path, face in faces[:12]]
    local = list(mean_landmarks_all(items, 3, 3, processes=1))
    far = list(mean_landmarks_all(items, 3, 3, processes=2, engine=Engine.RAY))
    np.testing.assert_array_equal(local, far)


@pytest.mark.slow
def test_what_is_raised_comes_through_and_a_worker_that_always_dies_is_one_sentence(
    installed: Any, tmp_path: Path
) -> None:
    good, missing = str(next(DEMO.glob("*.jpg"))), str(tmp_path / "missing.png")
    given = [good, missing, good]
    with pytest.raises(UserError, match=r"the picture .*missing\.png"):
        list(each(describe, given, "reading", processes=2, chunk=1, engine=Engine.RAY))
    kills = [signal.SIGCHLD, signal.SIGKILL]
    with pytest.raises(UserError, match=r"Ray gave up at .*or one of the next"):
        list(each(signal.raise_signal, kills, "ends", processes=2, chunk=1, engine=Engine.RAY))


@pytest.mark.slow
def test_the_stages_write_the_same_bytes(installed: Any, finder: Any, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    for path in sorted(DEMO.glob("Rafd090*.jpg"))[:40]:
        (raw / path.name).symlink_to(path)
    yaml = YAML()
    values = yaml.load(ROOT / "params.yaml")
    # Grey, so that every picture is converted.
    values["datasets"] = {"rafd": {"root": "raw", "channels": 1}}
    values["landmarks"]["readings"] = 1
    values["split"] = {"by": "subject", "test_share": 0.4, "seed": "auto"}
    yaml.dump(values, tmp_path / "params.yaml")

    def written(engine: str) -> dict[str, str]:
        out = tmp_path / engine
        for stage in ("ingest", "grayscale", "align", "landmarks"):
            command = [
                sys.executable,
                "-m",
                "pipeline",
                stage,
                "--dataset",
                "rafd",
                "--out",
                engine,
            ]
            command += ["--in", engine] if stage != "ingest" else []
            environment = os.environ | {"FET_ENGINE": engine, "PYTHONPATH": str(ROOT)}
            done = subprocess.run(
                command, cwd=tmp_path, env=environment, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stderr
            assert "Ray" not in done.stderr
        return {str(path.relative_to(out)): sha256(path) for path in files(out)}

    assert written("ray") == written("local")
    assert len(list((tmp_path / "ray" / "grayscale").glob("*.png"))) == 40


def files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())
