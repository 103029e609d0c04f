"""The command line: all commands are there, and a mistake is one sentence and exit code 2."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import torch
import typer
from fake_results import on_other_triples, write_data_set, write_experiment
from typer.testing import CliRunner

from fet_core import tables
from fet_core.data.dataset import Dataset
from fet_core.data.frames import write_faces
from fet_core.data.readers import Kind
from fet_core.data.samples import fixed_triples
from fet_core.files import END, RESERVED, START, write_json
from fet_core.measure.instruments import key
from fet_core.measure.results import read_differences, read_list, read_row, write_row
from fet_core.measure.triples import Triples, identify
from fet_core.recipes.base import SHOWN
from fet_core.show.figures import forget_shown, note_shown
from fet_core.show.shown import shown_triples
from pipeline.cli import app, main
from pipeline.commands import COMMANDS as TABLE
from pipeline.commands import GROUPS, find
from pipeline.evaluate import ROWS
from pipeline.report import data_sets

STAGES = ["ingest", "grayscale", "align", "landmarks", "augment", "truths"]
PLUS = ["train-fusion-plus", "train-transfer-plus", "export"]
OLDER = ["train-fusion", "train-transfer", "train-baseline", *PLUS]
TRAINED = [*OLDER, "train", "evaluate", "compare"]
TOOLS = ["profile", "run", "show", "report", "readme", "study"]
COMMANDS = [*STAGES, *TRAINED, "check", *TOOLS]
NEEDED = {
    "train-baseline": ("--model", "pix2pix"),
    "train": ("pix2pix",),
    "export": ("--out", "model.safetensors"),
}
"""Options that a command is nothing without."""


PLAIN = (
    "merge",
    "probe",
    "transfer",
    "animate",
    "explain",
    "edit",
    "read",
    "serve",
    "origin",
    "synthesize",
    "learn-face",
)
"""Commands that are not run in this file's ways."""


def test_help_lists_all_commands() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    lines = result.output.splitlines()
    listed: dict[str, list[str]] = {}
    for line in lines[lines.index("Photographs:") :]:
        if line and not line.startswith(" "):
            group = listed.setdefault(line.split(",")[0].rstrip(":"), [])
        elif row := re.fullmatch(r"  ([a-z-]+)  +(\w.+)", line):
            assert len(line) < 80
            assert row[2][-1] not in ".("
            group.append(row[1])
    assert list(listed) == ["Photographs", "Stages", "Results", "Tools"]
    assert listed["Photographs"] == [
        "transfer",
        "animate",
        "read",
        "edit",
        "serve",
        "explain",
        "origin",
        "export",
    ]
    older = {name for name in OLDER if name != "export"}
    assert {*STAGES, *TRAINED, "probe"} - {"export"} - older == set(listed["Stages"])
    assert sorted(name for names in listed.values() for name in names) == sorted(
        [name for name in (*COMMANDS, *PLAIN) if name not in older]
    )
    assert "completion" not in "".join(line for line in lines if line.startswith("  --"))


def test_every_command_is_where_the_table_says() -> None:
    for name, command in TABLE.items():
        assert command.group in GROUPS
        found = find(name)
        assert callable(found) or isinstance(found, typer.Typer), name


def test_a_hidden_name_still_works_and_a_wrong_one_is_told_the_nearest() -> None:
    hidden, shown = (CliRunner().invoke(app, [name, "-h"]) for name in ("sweep", "study"))
    assert hidden.exit_code == 0
    assert hidden.output == shown.output.replace("fet study", "fet sweep")
    wrong = CliRunner().invoke(app, ["stduy"])
    assert wrong.exit_code == 2
    assert "Did you mean 'study'?" in wrong.output


@pytest.mark.parametrize("command", [[], ["transfer"], ["train-fusion"], ["synthesize", "rafd"]])
def test_h_is_help(command: list[str]) -> None:
    short, long = (CliRunner().invoke(app, [*command, word]) for word in ("-h", "--help"))
    assert short.exit_code == 0
    assert short.output == long.output
    assert "-h, --help" in short.output


def test_the_version_is_that_of_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"fet {metadata.version('fet')}\n")

    def none(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", none)
    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0
    assert "not installed" in result.output


def test_the_shell_completes_commands_and_options(repository: Path) -> None:
    words = {"_FET_COMPLETE": "complete_bash", "COMP_WORDS": "fet tra", "COMP_CWORD": "1"}
    done = subprocess.run(
        [FET], cwd=repository, env=os.environ | words, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["transfer", "train"]
    words["COMP_WORDS"] = "fet s"
    done = subprocess.run(
        [FET], cwd=repository, env=os.environ | words, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["serve", "show", "study", "synthesize"]
    words |= {"COMP_WORDS": "fet study --me", "COMP_CWORD": "2"}
    done = subprocess.run(
        [FET], cwd=repository, env=os.environ | words, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["--metrics"]
    # As `--show-completion` prints it, which asks the parent process what shell it is.
    script = subprocess.run(
        [FET],
        cwd=repository,
        env=os.environ | {"_FET_COMPLETE": "source_bash"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "_FET_COMPLETE=complete_bash" in script.stdout


@pytest.mark.parametrize(
    ("number", "name", "told"),
    [
        (errno.ENOSPC, None, "the disk cannot be used (No space left on device); make room on"),
        (errno.EACCES, "a.png", "a.png cannot be used (Permission denied); choose another"),
    ],
)
def test_what_the_system_refuses_is_a_sentence(
    number: int,
    name: str | None,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse() -> None:
        raise OSError(number, os.strerror(number), name)

    monkeypatch.setattr("pipeline.cli.app", refuse)
    assert fails(monkeypatch) == 2
    assert capsys.readouterr().err.startswith(f"fet: {told}")


def test_a_fault_of_the_program_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file", "inner.txt")

    monkeypatch.setattr("pipeline.cli.app", fail)
    with pytest.raises(FileNotFoundError):
        main()


@pytest.mark.parametrize(
    ("lacking", "command", "extra"),
    [
        ("pyarrow", ["check", "--dataset", "rafd"], "pipeline"),
        ("av", ["animate", "driving.mp4", "face.jpg", "-o", "out.mp4"], "film"),
        ("scipy", ["animate", "driving.mp4", "face.jpg", "-o", "out.mp4"], "film"),
    ],
)
def test_a_package_that_is_not_installed_is_named_with_what_brings_it(
    lacking: str, command: list[str], extra: str, repository: Path, tmp_path: Path
) -> None:
    (tmp_path / "driving.mp4").touch()
    (tmp_path / "face.jpg").touch()
    code = f"import sys; sys.modules[{lacking!r}] = None; sys.argv[1:] = {command}; "
    code += "from pipeline.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(rf"fet: [^\n]+ `pip install 'fet\[{extra}\]'`[^\n]*\n", done.stderr)


def test_what_a_command_may_lack_can_be_installed(repository: Path) -> None:
    text = (repository / "pyproject.toml").read_text(encoding="utf-8")
    extras = tomllib.loads(text)["project"]["optional-dependencies"]
    assert {command.extra for command in TABLE.values()} <= set(extras)


def test_without_a_module_of_its_own_the_program_is_broken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "fet_core.data.mark", None)
    result = CliRunner().invoke(app, ["origin", "face.png"])
    assert isinstance(result.exception, ModuleNotFoundError)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert f"{command} [OPTIONS]" in result.output
    if command not in TOOLS:
        assert "--dataset" in result.output
        assert "--params" in result.output


FET = str(Path(sys.executable).with_name("fet"))


@pytest.mark.parametrize("program", [[sys.executable, "-m", "pipeline"], [FET]])
def test_a_mistake_is_one_sentence(repository: Path, program: list[str]) -> None:
    done = subprocess.run(
        [*program, "ingest", "--dataset", "nosuch"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith('fet: there is no data set "nosuch"')
    assert done.stderr.count("\n") == 1


def fails(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["fet", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert isinstance(stopped.value.code, int)
    return stopped.value.code


@pytest.fixture
def params(repository: Path) -> str:
    return str(repository / "params.yaml")


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in TOOLS])
def test_a_data_set_that_is_not_in_the_params(
    command: str,
    params: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    options = [*NEEDED.get(command, ()), "--dataset", "nosuch", "--params", params]
    assert fails(monkeypatch, command, *options) == 2
    assert "(there are: ckplus, rafd)" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "file"),
    [
        ("grayscale", "manifest.parquet"),
        ("align", "frames.parquet"),
        ("landmarks", "frames.parquet"),
        ("augment", "manifest.parquet"),
        ("truths", "samples.parquet"),
        ("train-fusion", "samples.parquet"),
        ("train-transfer", "samples.parquet"),
        ("train-fusion-plus", "samples.parquet"),
        ("train-transfer-plus", "samples.parquet"),
        ("train-baseline", "samples.parquet"),
        ("evaluate", "samples.parquet"),
        ("compare", "samples.parquet"),
    ],
)
def test_a_stage_before_its_time_names_the_missing_file(
    command: str,
    file: str,
    params: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    options = [*NEEDED.get(command, ()), "--dataset", "rafd", "--params", params]
    assert fails(monkeypatch, command, *options) == 2
    error = capsys.readouterr().err
    assert error.startswith("fet: there is no ")
    assert file in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("command", ["ingest", "grayscale", "align", "landmarks"])
def test_nothing_is_written_into_the_raw_folder(
    command: str,
    params: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = ["--dataset", "rafd", "--params", params, "--root", str(tmp_path)]
    assert fails(monkeypatch, command, *options, "--out", str(tmp_path / "below")) == 2
    assert "lies inside the raw data" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


WRITERS = [name for name in [*STAGES, *TRAINED] if name != "export"]


@pytest.mark.parametrize("below", ["", "/some/where"])
@pytest.mark.parametrize("command", WRITERS)
def test_an_output_folder_that_is_a_file(
    command: str,
    below: str,
    params: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("mine", encoding="utf-8")
    words = [command, *NEEDED.get(command, ()), "--dataset", "rafd", "--params", params]
    result = CliRunner().invoke(app, [command, "--help"]).output
    for option in (name for name in ("--out", "--metrics", "--checkpoints") if name in result):
        assert fails(monkeypatch, *words, option, f"file{below}") == 2
        error = capsys.readouterr().err
        assert error.startswith("fet: file is a file, not a folder")
        assert option in error
        assert error.count("\n") == 1
    assert Path("file").read_text(encoding="utf-8") == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_command_that_makes_a_missing_file_is_named(
    params: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    options = ["--dataset", "rafd", "--params", params]
    assert fails(monkeypatch, "train-fusion", *options) == 2
    assert "; run `fet augment --dataset rafd` first\n" in capsys.readouterr().err
    assert fails(monkeypatch, "train-fusion", *options, "--in", "work") == 2
    assert "; run `fet augment` first\n" in capsys.readouterr().err


def test_missing_params_and_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert fails(monkeypatch, "ingest", "--dataset", "rafd") == 2
    assert "no params file params.yaml" in capsys.readouterr().err
    for command in ("show", "report", "readme"):
        assert fails(monkeypatch, command) == 2
        assert "no results in metrics" in capsys.readouterr().err
    for words in (("show", "--metrics"), ("study",)):
        assert fails(monkeypatch, *words, "x" * 5000) == 2
        error = capsys.readouterr().err
        assert error.endswith(
            " characters) cannot be used (File name too long); choose a shorter name\n"
        )
    for command in ("study", "sweep"):
        assert fails(monkeypatch, command, "nosuch.yaml") == 2
        assert "no study nosuch.yaml" in capsys.readouterr().err
    assert fails(monkeypatch, "study", "lambda") == 2
    assert "no params file params.yaml" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("train-baseline", "--model", "gan"), 'no baseline "gan"; say cgan, pix2pix, g2gan'),
        (("train", "gan"), 'no model "gan" to train; say one of cgan, pix2pix, g2gan, fet/fusion'),
        (("train", "fet"), 'no "fet" to train; say fet/fusion or fet/transfer'),
        (("train", "fet/phi"), 'no "fet/phi" to train; say fet/fusion or fet/transfer'),
        (("train", "phi/fusion"), 'no model "phi" to train; say one of cgan'),
        (("evaluate", "--row", "fet_plus"), 'no model "fet_plus"; say one of copy, warp, cgan'),
    ],
)
def test_an_unknown_model_is_told_with_those_there_are(
    arguments: tuple[str, ...],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert fails(monkeypatch, *arguments, "--dataset", "rafd") == 2
    assert f"fet: there is {told}" in capsys.readouterr().err


def test_show_prints_tables_and_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_data_set(tmp_path / "metrics/rafd", ("copy", "warp", "fet", "truth"))
    write_experiment(tmp_path / "metrics/experiments")
    monkeypatch.chdir(tmp_path)
    assert fails(monkeypatch, "show") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "## rafd, 96×96"
    assert sum(line.startswith("| fet |") for line in lines) == 2
    assert [line for line in lines if line.startswith("figure: ")] == [
        "figure: metrics/rafd/figures/comparison.png",
        "figure: metrics/rafd/figures/transfer.png",
        "figure: metrics/rafd/models/models.png",
    ]


def marked(path: Path) -> Path:
    """A Markdown file with marks and something stale between them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"before\n{START}\nstale\n{END}\nafter\n", encoding="utf-8")
    return path


def test_readme_brings_tables_and_pictures_in_step(
    tmp_path: Path, params: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = tmp_path / "metrics"
    write_data_set(metrics / "rafd")
    write_data_set(metrics / "london", ("copy", "fet"))
    shutil.copytree(metrics / "rafd/figures", metrics / "rafd/plus")
    readme, results = tmp_path / "README.md", tmp_path / "docs/results.md"
    monkeypatch.chdir(tmp_path)
    readme.write_text("# Mine\n", encoding="utf-8")
    assert fails(monkeypatch, "readme", "--params", params) == 2
    assert "README.md has no lines <!-- results -->" in capsys.readouterr().err
    marked(readme)
    assert fails(monkeypatch, "readme", "--params", params) == 2
    assert "docs/results.md has no lines <!-- results -->" in capsys.readouterr().err
    assert "stale" in readme.read_text(encoding="utf-8")

    marked(results)
    texts = []
    for _ in range(2):
        assert fails(monkeypatch, "readme", "--params", params) == 0
        assert (
            capsys.readouterr().out == "README.md, docs/results.md; 3 pictures in docs/pictures\n"
        )
        texts.append([path.read_text(encoding="utf-8") for path in (readme, results)])
    assert texts[0] == texts[1]
    short, long = texts[0]
    for text in texts[0]:
        assert "stale" not in text
        assert text.startswith(f"before\n{START}\n\n")
        assert text.endswith(f"\n\n{END}\nafter\n")
    assert "|  | london, 96×96 | rafd, 96×96 |" in short.replace("| |", "|  |")
    assert short.count("| fet |") == 1
    assert max(map(len, short.splitlines())) <= 100
    assert long.count("### london, 96×96\n") == long.count("### rafd, 96×96\n") == 1
    pictures = tmp_path / "docs/pictures"
    names = ["rafd-curves.svg", "rafd-models.png", "rafd-transfer.png"]
    assert sorted(path.name for path in pictures.iterdir()) == names
    same = (metrics / "rafd/models/models.png").read_bytes()
    assert (pictures / "rafd-models.png").read_bytes() == same

    # Without the figures, as in a fresh clone, what was published stays.
    for name in ("figures", "models", "plus", "train_transfer", "train_transfer_plus"):
        shutil.rmtree(metrics / "rafd" / name)
    for name in ("train_cgan", "train_pix2pix", "train_g2gan"):
        shutil.rmtree(metrics / "rafd" / name)
    assert fails(monkeypatch, "readme", "--params", params) == 0
    assert sorted(path.name for path in pictures.iterdir()) == names
    for command in ("show", "report"):
        assert fails(monkeypatch, command) == 0


def test_readme_copies_no_pictures_of_other_data_under_a_demos_name(
    tmp_path: Path, params: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_data_set(tmp_path / "metrics/rafd")
    write_data_set(tmp_path / "metrics/london")
    marked(tmp_path / "README.md")
    marked(tmp_path / "docs/results.md")
    mine = tmp_path / "mine.yaml"
    text = Path(params).read_text(encoding="utf-8")
    assert "root: data/demo/rafd" in text
    mine.write_text(text.replace("root: data/demo/rafd", "root: raw/rafd"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for given in (str(mine), "none.yaml"):
        assert fails(monkeypatch, "readme", "--params", given) == 0
        assert not (tmp_path / "docs/pictures").exists()


@pytest.mark.parametrize("command", ["show", "report", "readme"])
def test_rows_of_other_triples_are_nowhere_beside_the_rest(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_data_set(tmp_path / "metrics/rafd")
    on_other_triples(tmp_path / "metrics/rafd", "pix2pix", "g2gan")
    files = [marked(tmp_path / "README.md"), marked(tmp_path / "docs/results.md")]
    monkeypatch.chdir(tmp_path)
    assert fails(monkeypatch, command) == 0
    shown = {"show": [], "report": [tmp_path / "metrics/report.html"], "readme": files}[command]
    texts = [path.read_text(encoding="utf-8") for path in shown] or [capsys.readouterr().out]
    for text in texts:
        assert "Left out: g2gan, pix2pix, which were scored on other triples" in text
        assert "make tables" in text
        named = re.findall(r'(?:^\| |<th scope="row">(?:<span.*?</span> )?)([^|<]+)', text, re.M)
        rows = [name.strip() for name in named]
        assert "fet" in rows
        assert [name for name in rows if "g2gan" in name or "pix2pix" in name] == []


@pytest.mark.parametrize("command", ["report", "readme"])
def test_nothing_shown_is_written_into_any_raw_folder(
    command: str,
    params: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_data_set(tmp_path / "metrics/rafd")
    raw = tmp_path / "data/demo/ckplus"
    raw.mkdir(parents=True)
    marked(tmp_path / "README.md")
    marked(tmp_path / "docs/results.md")
    monkeypatch.chdir(tmp_path)
    options = {
        "report": [("--out", "data/demo/ckplus/report.html"), ("--out", str(raw / "a/b.html"))],
        "readme": [("--pictures", "data/demo/ckplus/a"), ("--results", str(raw / "a.md"))],
    }[command]
    for given in options:
        assert fails(monkeypatch, command, "--params", params, *given) == 2
        error = capsys.readouterr().err
        assert "lies inside the raw data data/demo/ckplus" in error
        assert error.count("\n") == 1
    assert list(raw.iterdir()) == []
    assert "stale" in (tmp_path / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("command", ["show", "report"])
@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("fet.json", '{"transfer": {}}', "is of an older version"),
        ("pix2pix.json", '{"schema": 3, "transfer": {}}', "has schema 3 where 4 is expected"),
        ("cgan.json", '{"schema": 5}', "has schema 5 where 4 is expected"),
        ("fet-plus.json", '{"schema": 4, "transfer": {}}', "does not say of which triples it is"),
        ("differences-plus.json", '{"schema": 4, "rows": {}}', "does not say what is compared"),
        ("differences.json", '{"schema": 4', "is damaged"),
        ("expressions.json", "{}", "holds no list of rows"),
        (
            "differences.json",
            '{"schema": 4, "model": "fet", "rows": {}}',
            "does not say of which triples it is",
        ),
    ],
)
def test_results_of_an_older_version_are_named(
    command: str,
    file: str,
    content: str,
    complaint: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_data_set(tmp_path / "metrics/rafd")
    (tmp_path / "metrics/rafd" / file).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert fails(monkeypatch, command) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"fet: metrics/rafd/{file} {complaint}")
    first = file.removesuffix(".json") in ("fet", "fet-plus")
    assert f"run `{'dvc repro' if first else 'make tables'}`" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "metrics/report.html").exists()


@pytest.mark.parametrize("command", ["show", "report"])
def test_expressions_of_an_older_version_are_named(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_data_set(tmp_path / "metrics/rafd")
    old = '[{"model": "fet", "expression": "happy", "nme": 0.04, "n": 20}]'
    (tmp_path / "metrics/rafd/expressions.json").write_text(old, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert fails(monkeypatch, command) == 2
    assert capsys.readouterr().err == (
        'fet: row 1 of metrics/rafd/expressions.json has no "protocol" or a wrong one; run '
        "`make tables` to make it again\n"
    )


def test_reserved_folders_are_no_data_sets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = tmp_path / "metrics"
    for name in RESERVED:
        write_json(metrics / name / "steps.json", [{"model": "fet", "seconds": 0.1}])
    monkeypatch.chdir(tmp_path)
    assert fails(monkeypatch, "show") == 2
    assert "no results in metrics" in capsys.readouterr().err
    for name in ("rafd", "ckplus", "benches"):
        write_data_set(metrics / name, ("copy", "fet"))
    assert [folder.name for folder in data_sets(metrics)] == ["benches", "ckplus", "rafd"]
    assert fails(monkeypatch, "show") == 0
    assert "steps" not in capsys.readouterr().out


def test_report_writes_one_page_of_all_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_data_set(tmp_path / "metrics/ckplus")
    write_data_set(tmp_path / "metrics/rafd", ("copy", "warp", "fet", "truth"))
    write_experiment(tmp_path / "metrics/experiments")
    monkeypatch.chdir(tmp_path)
    assert fails(monkeypatch, "report") == 0
    assert capsys.readouterr().out == "metrics/report.html: 2 data sets, 1 experiments\n"
    page = (tmp_path / "metrics/report.html").read_text(encoding="utf-8")
    for word in ("ckplus", "rafd", "pix2pix", "The weights of Φ"):
        assert word in page


@pytest.fixture
def data(sample_table: Callable[..., pa.Table], tmp_path: Path) -> Path:
    """The folder of a data set of 4 training and 3 test people, ready to be trained."""
    samples = sample_table(people=7, test=(4, 5, 6))
    folder = tmp_path / "data"
    tables.write(folder / "augment/samples.parquet", samples, tables.SAMPLES)
    triples = fixed_triples(samples, 0, 1, None, False)
    tables.write(folder / "augment/triples.parquet", triples, tables.TRIPLES)
    Kind("rafd", False).write(folder / "augment/kind.json")
    faces = np.random.default_rng(0).integers(0, 256, (21, 32, 32, 3), dtype=np.uint8)
    write_faces(folder / "align/faces.npy", faces)
    places = samples["row"].to_pylist()
    nobody = [
        {"triple": one["triple"], "picture": key(faces[places[one["truth"]]]).hex()}
        | {"points": None, "embedding": None}
        for one in triples.to_pylist()
    ]
    readings = tables.from_rows(nobody, tables.READINGS)
    tables.write(folder / "truths/readings.parquet", readings, tables.READINGS)
    return folder


def complaint(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    data: Path,
    params: str,
    *command: str,
) -> str:
    """The one sentence with which a command on `data` ends."""
    monkeypatch.chdir(data.parent)
    options = ["--dataset", "rafd", "--params", params, "--in", str(data), "--out", "out"]
    assert fails(monkeypatch, *command, *options) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("fet: ")
    assert shown.err.count("\n") == 1
    assert not (data.parent / "out").exists()
    return shown.err


@pytest.mark.parametrize("row", ["cgan", "pix2pix", "g2gan"])
def test_a_baseline_that_is_not_trained_is_not_evaluated(
    row: str,
    data: Path,
    params: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = complaint(monkeypatch, capsys, data, params, "evaluate", "--row", row)
    assert f"no weights at {data / f'train_{row}' / row}.safetensors" in error
    assert "train" in error.split(";")[1]


@pytest.mark.parametrize(
    ("kind", "size", "channels", "named"),
    [
        ("cgan", 32, 3, "holds weights of cgan, not of pix2pix"),
        ("pix2pix", 64, 3, "makes pictures of 64×64 with 3 channels, but the data have 32×32"),
        ("pix2pix", 32, 1, "makes pictures of 32×32 with 1 channels, but the data have 32×32"),
        ("", 0, 0, "is damaged or not made by this version"),
    ],
)
def test_weights_of_something_else_are_refused(
    kind: str,
    size: int,
    channels: int,
    named: str,
    data: Path,
    params: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from fet_core.measure.methods import BASELINES
    from fet_core.nets import weights

    path = data / "train_pix2pix" / "pix2pix.safetensors"
    if kind:
        sizes = {"size": size, "channels": channels, "width": 4}
        weights.save(path, kind, sizes, BASELINES[kind](**sizes), {"sigma": 0.02})
    else:
        path.parent.mkdir()
        path.write_bytes(b"no weights")
    error = complaint(monkeypatch, capsys, data, params, "evaluate", "--row", "pix2pix")
    assert f"{path} {named}" in error


def test_triples_from_which_nothing_follows_are_refused(
    data: Path,
    params: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = data / "augment/triples.parquet"
    triples = tables.read(path, tables.TRIPLES)
    for command in (("truths",), ("evaluate", "--row", "paper"), ("evaluate", "--row", "cgan")):
        alone = triples.filter(pc.equal(triples["target_subject"], "p5"))
        tables.write(path, alone, tables.TRIPLES)
        error = complaint(monkeypatch, capsys, data, params, *command)
        assert f"all {alone.num_rows} rows of triples.parquet have the target p5" in error
        tables.write(path, triples.slice(0, 0), tables.TRIPLES)
        error = complaint(monkeypatch, capsys, data, params, *command)
        assert "triples.parquet is empty" in error
        assert "split.test_share" in error


def test_truths_of_other_triples_are_refused(
    data: Path,
    params: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Before any weights are asked for."""
    path = data / "augment/triples.parquet"
    rows = tables.read(path, tables.TRIPLES).to_pylist()[::-1]
    others = [row | {"triple": number} for number, row in enumerate(rows)]
    tables.write(path, tables.from_rows(others, tables.TRIPLES), tables.TRIPLES)
    error = complaint(monkeypatch, capsys, data, params, "evaluate", "--row", "cgan")
    assert "readings.parquet is of other test triples than triples.parquet and faces.npy" in error
    assert "run `fet truths` again" in error
    (data / "truths/readings.parquet").unlink()
    error = complaint(monkeypatch, capsys, data, params, "evaluate", "--row", "cgan")
    assert f"there is no {data}/truths/readings.parquet; run `fet truths` first" in error


def test_compare_names_the_scores_that_are_missing_or_stale_and_what_makes_them(
    data: Path,
    params: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = complaint(monkeypatch, capsys, data, params, "compare")
    assert f"there is no {data}/evaluate/copy.parquet" in error
    assert "run `fet evaluate --dataset rafd` first" in error
    triples = tables.read(data / "augment/triples.parquet", tables.TRIPLES).to_pylist()
    for row in ("copy", "warp", "cgan"):
        write_scores(data, row, triples)
    error = complaint(monkeypatch, capsys, data, params, "compare")
    assert f"there is no {data}/evaluate_pix2pix/pix2pix.parquet" in error
    assert "run `fet evaluate --dataset rafd --row pix2pix` first" in error
    for row in ("pix2pix", "g2gan", "fet"):
        write_scores(data, row, triples)
    error = complaint(monkeypatch, capsys, data, params, "compare")
    assert f"there is no {data}/evaluate_fet_plus/fet-plus.parquet" in error
    assert "run `fet evaluate --dataset rafd --row fet-plus` first" in error
    write_scores(data, "cgan", triples[1:])
    error = complaint(monkeypatch, capsys, data, params, "compare")
    assert f"{data}/evaluate_cgan/cgan.parquet is of other test triples" in error
    assert "run `fet evaluate --dataset rafd --row cgan` again" in error


def ready_to_compare(data: Path) -> Path:
    """Invented scores, means and pictures of all rows; the folder of the means."""
    triples = tables.read(data / "augment/triples.parquet", tables.TRIPLES)
    samples = tables.read(data / "augment/samples.parquet", tables.SAMPLES)
    cpu = torch.device("cpu")
    dataset = Dataset.open(data / "align/faces.npy", samples, cpu)
    metrics = data.parent / "metrics"
    digest = identify(dataset, Triples.of(triples, cpu), triples)
    write_data_set(metrics, figures=False, triples=digest)
    for file in ("differences.json", "differences-plus.json", "expressions.json"):
        (metrics / file).unlink()
    for stage, rows in ROWS.items():
        for row in rows:
            write_scores(data, row, triples.to_pylist())
            write_faces(data / stage / f"{row}.npy", np.zeros((SHOWN, 32, 32, 3), np.uint8))
        note_shown(data / stage, triples, shown_triples(triples, SHOWN, None))
    return metrics


def test_compare_puts_all_rows_beside_each_other(
    data: Path, params: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = ready_to_compare(data)
    options = ["--dataset", "rafd", "--params", params, "--in", str(data)]
    assert fails(monkeypatch, "compare", *options, "--metrics", str(metrics)) == 0
    assert capsys.readouterr().out == f"rafd: {metrics / 'table.md'}\n"
    assert (metrics / "models/models.png").read_bytes()[:4] == b"\x89PNG"
    triples = read_row(metrics / "fet.json").triples
    compared = read_differences(metrics / "differences.json")
    others = ["copy", "warp", "cgan", "pix2pix", "g2gan"]
    assert (compared.model, list(compared.rows)) == ("fet", [*others, "fet-plus"])
    assert compared.triples == triples
    compared = read_differences(metrics / "differences-plus.json")
    assert (compared.model, list(compared.rows)) == ("fet-plus", [*others, "fet"])
    assert compared.triples == triples
    lines = read_list(metrics / "expressions.json")
    assert {line["model"] for line in lines} == {*compared.rows, "fet-plus", "truth"}
    assert {line["triples"] for line in lines} == {triples.digest}
    table = (metrics / "table.md").read_text(encoding="utf-8")
    assert table.startswith("## rafd, 32×32\n")
    assert table.count("| fet-plus |") == 2


def test_compare_puts_no_row_of_other_triples_into_the_table(
    data: Path, params: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = ready_to_compare(data)
    write_row(metrics / "mine.json", read_row(metrics / "copy.json"))
    on_other_triples(metrics, "mine")
    options = ["--dataset", "rafd", "--params", params, "--in", str(data)]
    assert fails(monkeypatch, "compare", *options, "--metrics", str(metrics)) == 0
    capsys.readouterr()
    table = (metrics / "table.md").read_text(encoding="utf-8")
    assert "| mine |" not in table
    assert "Left out: mine, which was scored on other triples" in table

    # One of its own rows it does not do without: other truths, though their names are the same.
    on_other_triples(metrics, "g2gan")
    before = {path: path.read_bytes() for path in metrics.rglob("*") if path.is_file()}
    error = complaint(monkeypatch, capsys, data, params, "compare", "--metrics", str(metrics))
    assert (
        f"{metrics}/g2gan.json is of other test triples than triples.parquet and faces.npy" in error
    )
    assert "run `fet evaluate --dataset rafd --row g2gan` again" in error
    faces = np.load(data / "align/faces.npy")
    write_faces(data / "align/faces.npy", faces ^ 1)
    error = complaint(monkeypatch, capsys, data, params, "compare", "--metrics", str(metrics))
    assert f"{metrics}/copy.json is of other test triples" in error
    assert {path: path.read_bytes() for path in metrics.rglob("*") if path.is_file()} == before


def test_compare_shows_nobody_who_may_not_be_shown(
    data: Path,
    params: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Pictures made when everybody might be shown are not taken for those of today."""
    metrics = ready_to_compare(data)
    before = sorted(metrics.rglob("*"))
    stricter = tmp_path / "stricter.yaml"
    text = Path(params).read_text(encoding="utf-8")
    assert "  subjects: {}" in text
    stricter.write_text(text.replace("subjects: {}", "subjects: {rafd: [p4, p5]}"), "utf-8")

    command = ("compare", "--metrics", str(metrics))
    error = complaint(monkeypatch, capsys, data, str(stricter), *command)
    assert f"the pictures in {data}/evaluate are not of the triples to be shown now" in error
    assert "run `fet evaluate --dataset rafd` again" in error

    triples = tables.read(data / "augment/triples.parquet", tables.TRIPLES)
    for stage in list(ROWS)[:-1]:
        note_shown(data / stage, triples, shown_triples(triples, SHOWN, ["p4", "p5"]))
    error = complaint(monkeypatch, capsys, data, str(stricter), *command)
    assert f"the pictures in {data}/evaluate_fet_plus are not of the triples" in error
    assert "run `fet evaluate --dataset rafd --row fet-plus` again" in error

    (data / "evaluate/shown.json").write_text('[{"triple": 3', encoding="utf-8")
    error = complaint(monkeypatch, capsys, data, str(stricter), *command)
    assert f"{data}/evaluate/shown.json is damaged" in error
    forget_shown(data / "evaluate")
    error = complaint(monkeypatch, capsys, data, str(stricter), *command)
    assert f"there is no {data}/evaluate/shown.json" in error
    assert sorted(metrics.rglob("*")) == before


def test_compare_wants_all_rows_before_it_writes(
    data: Path, params: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics = ready_to_compare(data)
    (data / "evaluate_g2gan/g2gan.npy").unlink()
    error = complaint(monkeypatch, capsys, data, params, "compare", "--metrics", str(metrics))
    assert f"{data}/evaluate_g2gan/g2gan.npy; run `fet evaluate --row g2gan` first" in error
    write_faces(data / "evaluate_g2gan/g2gan.npy", np.zeros((SHOWN, 32, 32, 3), np.uint8))

    (metrics / "pix2pix.json").unlink()
    before = sorted(metrics.rglob("*"))
    error = complaint(monkeypatch, capsys, data, params, "compare", "--metrics", str(metrics))
    assert f"there is no {metrics}/pix2pix.json; run `make tables` first" in error
    assert sorted(metrics.rglob("*")) == before


@pytest.mark.parametrize("allowed", [None, ["p4", "p5"], ["p0"]])
def test_evaluate_says_whom_its_pictures_show(
    allowed: list[str] | None,
    data: Path,
    params: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from fet_core.measure.methods import BASELINES
    from fet_core.nets.weights import save

    pytest.importorskip("dlib", reason="dlib is not installed")
    sizes = {"size": 32, "channels": 3, "width": 4}
    weights = data / "train_cgan/cgan.safetensors"
    save(weights, "cgan", sizes, BASELINES["cgan"](**sizes), {"sigma": 0.02})
    text = Path(params).read_text(encoding="utf-8")
    if allowed:
        text = text.replace("subjects: {}", f"subjects: {{rafd: [{', '.join(allowed)}]}}")
    mine = tmp_path / "mine.yaml"
    mine.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    options = ["--dataset", "rafd", "--params", str(mine), "--in", str(data), "--out", "out"]
    assert fails(monkeypatch, "evaluate", "--row", "cgan", *options) == 0
    assert capsys.readouterr().out == "rafd: cgan on 18 test triples in out/metrics\n"

    shown = json.loads((tmp_path / "out/evaluate_cgan/shown.json").read_text(encoding="utf-8"))
    people = {one[side] for one in shown for side in ("source_subject", "target_subject")}
    assert (
        people
        == {None: {"p4", "p5", "p6"}, "p4": {"p4", "p5"}, "p0": set()}[
            allowed[0] if allowed else None
        ]
    )
    assert len(np.load(tmp_path / "out/evaluate_cgan/cgan.npy")) == len(shown)
    scored = read_row(tmp_path / "out/metrics/cgan.json")
    assert (scored.triples.n, scored.triples.people, scored.triples.size) == (18, 3, 32)
    assert list(scored.means) == list(scored.intervals) == ["transfer"]
    assert not (tmp_path / "out/metrics/short").exists()


def write_scores(data: Path, row: str, triples: list[dict[str, Any]]) -> None:
    """Invented scores of a row on some triples."""
    told = {"protocol": "transfer", "ssim": 0.5, "psnr": 20.0, "measurable": True, "found": False}
    nothing = {"identity": None, "nme": None, "read": None}
    lines = [
        {"triple": p["triple"], "subject": p["target_subject"], "expression": p["expression"]}
        | (told | nothing)
        for p in triples
    ]
    (stage,) = (folder for folder, rows in ROWS.items() if row in rows)
    tables.write(
        data / stage / f"{row}.parquet", tables.from_rows(lines, tables.SCORES), tables.SCORES
    )
