"""`fet run` on the real dvc: two data sets side by side, stopped and gone on with, one screen."""

from __future__ import annotations

import re
import signal

import pytest
from ruamel.yaml import YAML
from small_project import Project, add_person


@pytest.fixture
def two(project: Project) -> Project:
    """The small project with a second data set, of which nothing is made yet."""
    add_set(project, "second")
    project.commit("another data set")
    return project


def add_set(project: Project, name: str) -> None:
    """The same pictures once more, under another name."""
    yaml = YAML()
    path = project.folder / "params.yaml"
    document = yaml.load(path)
    document["datasets"][name] = {"root": "data/demo/rafd", "reader": "rafd"}
    yaml.dump(document, path)


@pytest.mark.slow
def test_it_stops_at_once_and_goes_on_to_one_screen(two: Project) -> None:
    two.set({"fusion.width": 6})
    process = two.start("fet", "run")
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if "pipeline train fet/fusion" in line:
            process.send_signal(signal.SIGINT)
            break
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "fet: stopped; the same command goes on from there" in rest
    left = two.run("pgrep", "-g", str(process.pid), code=None)
    assert left == "", "no process is left"

    output = two.run("fet", "run")
    told, _, ending = output.partition("\n\n")
    assert all(re.match(r"(probe|  rafd|second) \| ", line) for line in told.splitlines()), told
    for name in ("rafd", "second"):
        assert re.search(rf"{name} \| Running stage 'evaluate_plus@{name}'", told)
        assert two.json(f"metrics/{name}/fet.json")["triples"]["n"] == 12
    assert "rafd | Stage 'augment@rafd' didn't change, skipping" in told
    rows = re.findall(r"^([a-z-]+) +0\.\d+ / ", ending, re.M)
    assert rows == ["copy", "warp", "fet", "fet-plus"]
    assert "metrics/rafd/figures/, metrics/rafd/plus/, metrics/second/figures/" in ending
    assert "Git shows files metrics/*/*.json and a dvc.lock as changed" in ending
    changed = two.git("status", "--porcelain").splitlines()
    assert {line[3:] for line in changed} <= {
        "dvc.lock",
        "params.yaml",
        "metrics/second/",
        *(f"metrics/rafd/{name}.json" for name in ("fet", "fet-plus", "landmarks")),
    }
    assert len(ending.splitlines()) < 24


def test_a_chain_that_fails_is_named_and_the_other_goes_on(two: Project) -> None:
    for path in (two.folder / "data/demo/rafd").glob("*"):
        path.unlink()
    add_person(two.folder / "data/demo/rafd", "01")
    output = two.run("fet", "run", code=1)
    for name in ("rafd", "second"):
        assert f"fet: the stages of {name} did not end well; its last lines above say why" in output
    assert "Traceback" not in output


@pytest.mark.parametrize("name", ["own set", "a;touch here;", "$(touch here)", "`touch here`"])
def test_nothing_of_the_params_is_run_by_a_shell(project: Project, name: str) -> None:
    add_set(project, name)
    for command in (("fet", "run"), ("dvc", "repro"), ("dvc", "repro", "-s", f"ingest@{name}")):
        output = project.run(*command, code=None)
        assert "Traceback" not in output
        assert "touch here" not in name or not (project.folder / "here").exists()
        said = f'fet: params.yaml: a data set cannot be called "{name}"; use letters, digits'
        assert said in output, output
    assert not (project.folder / "here").exists()
