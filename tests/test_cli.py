"""The command line: all commands are there, and a mistake is one sentence and exit code 2."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from fake_results import write_data_set, write_experiment
from typer.testing import CliRunner

from pipeline.cli import app, main
from pipeline.show import END, START

STAGES = ["ingest", "grayscale", "align", "landmarks", "augment"]
COMMANDS = [*STAGES, "train-fusion", "train-transfer", "evaluate", "check", "profile", "show"]


def test_help_lists_all_commands() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    listed = [line.split()[0] for line in result.output.splitlines() if line.startswith("  ")]
    assert {*COMMANDS, "synthesize"} <= set(listed)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(command: str) -> None:
    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert f"{command} [OPTIONS]" in result.output
    if command not in ("profile", "show"):
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


@pytest.mark.parametrize("command", COMMANDS[:-2])
def test_a_data_set_that_is_not_in_the_params(
    command: str,
    params: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert fails(monkeypatch, command, "--dataset", "nosuch", "--params", params) == 2
    assert "(there are: ckplus, rafd)" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "file"),
    [
        ("grayscale", "manifest.parquet"),
        ("align", "frames.parquet"),
        ("landmarks", "frames.parquet"),
        ("augment", "manifest.parquet"),
        ("train-fusion", "samples.parquet"),
        ("train-transfer", "samples.parquet"),
        ("evaluate", "samples.parquet"),
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
    assert fails(monkeypatch, command, "--dataset", "rafd", "--params", params) == 2
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


def test_missing_params_and_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert fails(monkeypatch, "ingest", "--dataset", "rafd") == 2
    assert "no params file params.yaml" in capsys.readouterr().err
    assert fails(monkeypatch, "show") == 2
    assert "no results in metrics" in capsys.readouterr().err


def test_show_prints_tables_and_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_data_set(tmp_path / "metrics/rafd", ("copy", "warp", "fet", "truth"))
    write_experiment(tmp_path / "metrics/experiments")
    monkeypatch.chdir(tmp_path)
    assert fails(monkeypatch, "show") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "## rafd"
    assert sum(line.startswith("| fet |") for line in lines) == 2
    assert [line for line in lines if line.startswith("figure: ")] == [
        "figure: metrics/rafd/figures/comparison.png",
        "figure: metrics/rafd/figures/transfer.png",
        "figure: metrics/rafd/models/models.png",
    ]


def test_show_puts_short_tables_between_the_marks_of_a_readme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_data_set(tmp_path / "metrics/rafd", ("copy", "fet"))
    readme = tmp_path / "README.md"
    monkeypatch.chdir(tmp_path)
    readme.write_text("# Mine\n", encoding="utf-8")
    assert fails(monkeypatch, "show", "--readme", "README.md") == 2
    assert "README.md has no lines <!-- results -->" in capsys.readouterr().err
    assert readme.read_text(encoding="utf-8") == "# Mine\n"

    readme.write_text(f"before\n{START}\nstale\n{END}\nafter\n", encoding="utf-8")
    for _ in range(2):
        assert fails(monkeypatch, "show", "--readme", "README.md") == 0
        text = readme.read_text(encoding="utf-8")
        assert text.startswith(f"before\n{START}\n\n### rafd\n")
        assert text.endswith(f"\n{END}\nafter\n")
        assert "stale" not in text
        assert text.count("| fet |") == 1


def test_show_names_results_of_an_older_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_data_set(tmp_path / "metrics/rafd", ("copy", "fet"))
    (tmp_path / "metrics/rafd/fet.json").write_text('{"transfer": {}}', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert fails(monkeypatch, "show") == 2
    error = capsys.readouterr().err
    assert "metrics/rafd/fet.json is of an older version" in error
    assert error.count("\n") == 1
