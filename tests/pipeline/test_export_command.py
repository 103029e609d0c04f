"""`fet export --format onnx` of a file that `fet export` has written, and how it refuses."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fet_core.nets.plus_file import SHIPPED
from pipeline.cli import main

Call = Callable[..., tuple[int, str, str]]
ONNX = ("--format", "onnx")


@pytest.fixture
def export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Runs `fet export` in an empty folder: exit code, output, error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DVC_STAGE", raising=False)

    def call(*words: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["fet", "export", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            main()
        assert isinstance(stopped.value.code, int)
        return stopped.value.code, *capsys.readouterr()

    return call


def test_the_shipped_weights_for_one_side(export: Call) -> None:
    runtime = pytest.importorskip("onnxruntime", reason="run `make env-onnx`")
    pytest.importorskip("onnx", reason="run `make env-onnx`")
    code, said, error = export("--model", SHIPPED, *ONNX, "--side", "96", "-o", "plus.onnx")
    assert (code, error) == (0, "")
    assert said.startswith(f"{SHIPPED}: plus.onnx, ")
    assert "/255 from torch" in said
    session = runtime.InferenceSession("plus.onnx", providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].shape == [1, 3, 96, 96]
    assert [path.name for path in Path().iterdir()] == ["plus.onnx"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("--model", SHIPPED, *ONNX, "-o", "no/plus.onnx"),
            "there is no folder no; make it, or choose another place with --out",
        ),
        (("--model", SHIPPED, *ONNX, "-o", "plus.safetensors"), "does not end in .onnx; name such"),
        (("--model", "gone.safetensors", *ONNX, "-o", "plus.onnx"), "there is no model at gone.sa"),
        (("--model", SHIPPED, *ONNX, "--side", "7", "-o", "plus.onnx"), "a side of 7 is asked for"),
        (("--model", SHIPPED, "-o", "plus.safetensors"), "for ONNX; say --format onnx, or leave"),
        (("--dataset", "rafd", "--side", "0", "-o", "a.safetensors"), "for ONNX; say --format"),
        ((*ONNX, "-o", "plus.onnx"), "name a data set with --dataset, or a file of `fet export`"),
        (
            ("--dataset", "rafd", "--model", SHIPPED, *ONNX, "-o", "plus.onnx"),
            "name a data set with --dataset, or a file of `fet export`",
        ),
    ],
)
def test_mistakes_are_a_sentence_and_write_nothing(
    export: Call, words: tuple[str | Path, ...], sentence: str
) -> None:
    code, said, error = export(*words)
    assert (code, said) == (2, "")
    assert error.startswith("fet: ")
    assert sentence in error
    assert error.count("\n") == 1
    assert not list(Path().iterdir())


def test_without_onnx(export: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    code, said, error = export("--model", SHIPPED, *ONNX, "-o", "plus.onnx")
    assert (code, said) == (2, "")
    assert error == (
        "fet: plus.onnx was not written: the package onnx is not installed; run `make env-onnx`\n"
    )
    assert not list(Path().iterdir())
