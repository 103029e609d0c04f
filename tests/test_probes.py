"""`fet probe`: its notes are those that are committed, rounding changes none, behaviour does."""

from __future__ import annotations

import contextlib
import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from import_graph import ROOT

from fet_core.errors import UserError
from fet_core.params import DatasetParams, Landmarks, Params
from fet_core.paramsfile import read_yaml
from fet_core.probes import account, differences, keep, numbers
from pipeline import probe_parts
from pipeline.probe_made import TRAINING
from pipeline.probe_parts import every, train

STAGES: dict[str, Any] = {}
for file in ("dvc.yaml", "comparison/dvc.yaml"):
    STAGES |= {k: v["do"] for k, v in read_yaml(ROOT / file)["stages"].items() if "do" in v}


@contextlib.contextmanager
def silence() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


@contextlib.contextmanager
def sections_read() -> Iterator[set[str]]:
    """Sections of the params that stages read inside the block, but for a data set's root.

    Of `landmarks`, of which one stage reads a part, its keys.
    """
    read: set[str] = set()
    running = False
    plain_account = probe_parts._account

    def account_of(*given: Any, **more: Any) -> dict[str, Any]:
        # What is made ready for a stage is no business of its own.
        nonlocal running
        running = True
        try:
            return plain_account(*given, **more)
        finally:
            running = False

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(probe_parts, "_account", account_of)

        def spy(model: type, called: str) -> None:
            plain = model.__getattribute__

            def get(self: Any, name: str) -> Any:
                if running and name in model.model_fields and name != "root":
                    read.add(called.format(name))
                return plain(self, name)

            patch.setattr(model, "__getattribute__", get)

        spy(Params, "{}")
        spy(DatasetParams, "datasets.${{key}}")
        spy(Landmarks, "landmarks.{}")
        yield read


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[dict[str, Any], set[str]]]:
    """Accounts and sections read of every stage."""
    pytest.importorskip("dlib", reason="dlib is not installed")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        told = {}
        for name, run in every().items():
            with sections_read() as read, silence():
                parts = run(tmp_path_factory.mktemp(name))
            # `params.dataset(...)`, which every stage calls to find its root.
            told[name] = parts, read - {"datasets", "landmarks"}
        return told
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("name", STAGES)
def test_the_committed_notes_are_of_this_code(name: str, found: dict[str, Any]) -> None:
    """Where this fails, run `fet probe` and commit what it says has changed."""
    for part, new in found[name][0].items():
        noted = json.loads((ROOT / "probes" / f"{part}.json").read_text(encoding="utf-8"))
        assert differences(noted, json.loads(json.dumps(new))) == []


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_lists_the_params_that_it_reads(name: str, found: dict[str, Any]) -> None:
    """Whether it reads a section shows when it runs, wherever the reading stands."""
    listed = set(STAGES[name].get("params", []))
    listed -= {key for key in listed if key.endswith(".size") and key.partition(".")[0] in listed}
    if "landmarks" in listed:
        listed = listed - {"landmarks"} | {f"landmarks.{key}" for key in Landmarks.model_fields}
    assert found[name][1] == listed


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A copy of the committed notes on the trainings."""
    for name in TRAINING:
        shutil.copy(ROOT / "probes" / f"{name}.json", tmp_path)
    return tmp_path


def changed(notes: Path, tmp: Path, names: tuple[str, ...]) -> set[str]:
    """Those of some trainings whose note is another one now."""
    told = set()
    for name in names:
        with silence():
            parts = train(name, tmp / name)
        told |= {part for part, new in parts.items() if keep(notes / f"{part}.json", new)}
    return told


def test_a_constant_of_a_loss_is_noticed_by_its_stages_alone(
    notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fet_core.train import augmentation

    plain = augmentation.Identities.offsets

    def weaker(self: Any, *given: Any) -> Any:
        return 0.9 * plain(self, *given)

    monkeypatch.setattr(augmentation.Identities, "offsets", weaker)
    names = ("train_fusion", "train_fusion_plus", "train_transfer", "train_pix2pix")
    assert changed(notes, tmp_path, names) == {"train_fusion", "train_fusion_plus"}


def test_a_note_that_agrees_is_kept_to_the_byte(notes: Path, tmp_path: Path) -> None:
    before = (notes / "train_pix2pix.json").read_bytes()
    assert changed(notes, tmp_path, ("train_pix2pix",)) == set()
    assert (notes / "train_pix2pix.json").read_bytes() == before


@given(
    st.lists(st.floats(-1e3, 1e3, allow_nan=False), min_size=1, max_size=40),
    st.floats(-1e-5, 1e-5),
)
def test_rounding_is_forgiven_and_more_is_not(values: list[float], share: float) -> None:
    array = np.array(values)
    old = numbers(array)
    assert differences(old, numbers(array * (1 + share))) == []
    if np.abs(array).max() > 1:
        assert differences(old, numbers(array * 1.01)) != []


def test_numbers_that_change_places_are_noticed() -> None:
    values = np.random.default_rng(0).normal(size=(4, 30))
    turned = values[[1, 0, 2, 3]]
    assert np.isclose(values.mean(), turned.mean())
    assert differences(numbers(values), numbers(turned)) != []
    assert numbers(np.array([])) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ({"a": 1}, {"a": 1}, 0),
        ({"a": 1}, {"a": 2}, 1),
        ({"a": 100000}, {"a": 100001}, 1),
        ({"a": 1.0}, {"a": 1.0001}, 0),
        ({"a": 1.0}, {"a": 1.001}, 1),
        ({"a": [1.0, 1e-9]}, {"a": [1.0, 5e-5]}, 0),
        ({"a": [1.0, 2.0]}, {"a": [1.0]}, 1),
        ({"a": "x"}, {"a": "y"}, 1),
        ({"a": None}, {"a": 0.0}, 1),
        ({"a": [{"b": 1.0}]}, {"a": [{"b": 1.00001}]}, 0),
        ({"a": [{"b": 1.0}]}, {"a": [{"b": 2.0}]}, 1),
        ({"a": {"b": 1}}, {"a": {"c": 1}}, 2),
        ({"a": True}, {"a": 1.0}, 0),
    ],
)
def test_accounts_differ_by_more_than_rounding(old: Any, new: Any, told: int) -> None:
    assert len(differences(old, new)) == told


def test_every_kind_of_file_is_told(tmp_path: Path) -> None:
    from PIL import Image
    from safetensors.numpy import save_file

    (tmp_path / "in").mkdir()
    table = pa.table({"name": ["a", "b"], "x": pa.array([1.5, None], pa.float64())})
    pq.write_table(table, tmp_path / "in" / "t.parquet")
    np.save(tmp_path / "a.npy", np.arange(6, dtype=np.uint8).reshape(2, 3))
    Image.new("L", (3, 2), 7).save(tmp_path / "p.png")
    save_file({"net.w": np.ones(3, np.float32)}, tmp_path / "w.safetensors", {"fet": "x"})
    (tmp_path / "m.json").write_text('{"a": 0.123456789012, "b": [NaN]}', encoding="utf-8")
    (tmp_path / "c.tsv").write_text("step\tloss\n1\t0.5\n2\tnan\n", encoding="utf-8")
    (tmp_path / "n.md").write_text("text", encoding="utf-8")
    told = account(tmp_path)
    assert list(told) == sorted(told)
    assert told["in/t.parquet"]["rows"] == 2
    assert told["in/t.parquet"]["x"]["values"][0] == 1.5
    assert told["a.npy"]["form"] == "uint8 [2, 3]"
    assert told["p.png"]["values"][:2] == [7.0, 0.0]
    assert told["w.safetensors"]["values"]["net"][0] == 1.0
    assert told["m.json"] == {"a": 0.12345679, "b": ["nan"]}
    assert told["c.tsv"] == {"step": [1.0, 2.0], "loss": [0.5, "nan"]}
    assert re.fullmatch("[0-9a-f]{12}", told["n.md"])


def test_a_damaged_note_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "part.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match=r"is damaged; delete it and run `fet probe`"):
        keep(path, {})
