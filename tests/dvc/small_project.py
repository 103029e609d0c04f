"""A small project in a folder of its own: this tree's code, few demo faces, tiny networks."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from interrupts import hear_ctrl_c
from ruamel.yaml import YAML

TOP = Path(__file__).resolve().parents[2]
DEMO = TOP / "data" / "demo" / "rafd"
EXPRESSIONS = ("neutral", "happy", "angry", "surprised")
TINY = {
    "align.size": 32,
    "landmarks.readings": 1,
    "fusion.size": 32,
    "fusion.width": 4,
    "fusion.bottleneck": 8,
    "fusion.d_width": 4,
    "fusion.epochs": 2,
    "fusion.grids": 1,
    "transfer.width": 4,
    "transfer.d_width": 4,
    "transfer.epochs": 2,
    "fusion.validate_every": 1,
    "transfer.grids": 1,
    "transfer.validate_every": 1,
    "baseline.width": 4,
    "baseline.d_width": 4,
    "baseline.epochs": 2,
    "baseline.grids": 1,
    "baseline.validate_every": 1,
    "fusion_plus.rank": 8,
    "fusion_plus.width": 16,
    "fusion_plus.batch_size": 16,
    "fusion_plus.epochs": 2,
    "fusion_plus.validate_every": 1,
    "transfer_plus.width": 8,
    "transfer_plus.working": 32,
    "transfer_plus.epochs": 2,
    "transfer_plus.grids": 1,
    "transfer_plus.validate_every": 1,
    "augment.max_triples": 12,
    "split.test_share": 0.4,
    "split.seed": 3,
}


class Project:
    """A Git and DVC project in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Start a command in the project; its stdout holds stderr too."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = os.environ | {"PATH": path, "OMP_NUM_THREADS": "1", "NO_COLOR": "1"}
        for name in ("DVC_ROOT", "DVC_EXP_BASELINE_REV", "DVC_EXP_NAME"):
            environment.pop(name, None)
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=hear_ctrl_c,
        )

    def run(self, *command: str, code: int | None = 0) -> str:
        """Run a command in the project; returns stdout and stderr."""
        process = self.start(*command)
        output, _ = process.communicate()
        if code is not None:
            assert process.returncode == code, output
        return output

    def dvc(self, *arguments: str, code: int | None = 0) -> str:
        """Run dvc in the project."""
        return self.run(sys.executable, "-m", "dvc", *arguments, code=code)

    def git(self, *arguments: str) -> str:
        """Run git in the project."""
        return self.run("git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments)

    def commit(self, message: str) -> None:
        """Commit everything that is not ignored."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def set(self, values: dict[str, Any]) -> None:
        """Change params.yaml by dotted keys."""
        yaml = YAML()
        path = self.folder / "params.yaml"
        document = yaml.load(path)
        for dotted, value in values.items():
            section, key = dotted.split(".")
            document[section][key] = value
        yaml.dump(document, path)

    def json(self, path: str) -> Any:
        """Read a JSON file of the project; one mapping in a list, as in results, comes bare."""
        found = json.loads((self.folder / path).read_text())
        return found[0] if isinstance(found, list) and len(found) == 1 else found

    def copy(self, folder: Path) -> Project:
        """The same project, outputs and cache too, elsewhere."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Project(folder)


def stages_run(output: str) -> list[str]:
    """The stages that dvc ran or would run, in its order, without their files and data sets."""
    found = re.findall(r"Running stage '([^']+)'", output)
    return [name.split("@")[0].rpartition(":")[2] for name in found]


def add_person(raw: Path, person: str) -> None:
    """Copy one person's frontal pictures of four expressions from the demo."""
    for expression in EXPRESSIONS:
        for path in DEMO.glob(f"Rafd090_{person}_*_{expression}_frontal.jpg"):
            shutil.copy(path, raw / path.name)


def make_project(folder: Path) -> Project:
    """Fill an empty folder with the project, run it once, commit everything."""
    for name in ("fet_core", "pipeline", "comparison", "probes"):
        ignored = shutil.ignore_patterns("__pycache__", "dvc.lock")
        shutil.copytree(TOP / name, folder / name, ignore=ignored)
    for name in ("dvc.yaml", "params.yaml", ".gitignore", ".dvcignore", "pyproject.toml"):
        shutil.copy(TOP / name, folder / name)
    (folder / ".dvc").mkdir()
    for name in ("config", ".gitignore"):
        shutil.copy(TOP / ".dvc" / name, folder / ".dvc" / name)
    shutil.copytree(TOP / ".dvc" / "plots", folder / ".dvc" / "plots")
    raw = folder / "data" / "demo" / "rafd"
    raw.mkdir(parents=True)
    people = sorted({path.name.split("_")[1] for path in DEMO.glob("Rafd090_*.jpg")})
    for person in people[:12]:
        add_person(raw, person)
    project = Project(folder)
    yaml = YAML()
    document = yaml.load(folder / "params.yaml")
    del document["datasets"]["ckplus"]
    yaml.dump(document, folder / "params.yaml")
    project.set(TINY)
    project.git("init", "-q", "-b", "main")
    project.commit("raw data and code")
    # The notes are of this code, as tests/test_probes.py finds out.
    project.dvc("commit", "-f", "probe")
    project.dvc("repro")
    project.commit("first results")
    return project
