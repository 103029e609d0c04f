"""Weights on disk: they come back whole, and a file that does not fit is told in a sentence."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import torch

from fet_core.errors import UserError
from fet_core.nets.fusion import Fusion
from fet_core.nets.generators import Transfer
from fet_core.nets.weights import load, load_fitting, load_fusion, save, sizes_of

CPU = torch.device("cpu")
SIZES = {"size": 32, "channels": 1, "width": 4}


def loaded(path: Path, size: int, channels: int) -> Transfer:
    """Ω for pictures of that size and channels."""
    return load_fitting(path, "transfer", Transfer, size, channels, CPU)[0]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    net = Transfer(**SIZES)
    net(torch.rand(4, 1, 32, 32), torch.rand(4, 1, 32, 32))  # so that BatchNorm has seen something
    save(tmp_path / "net.safetensors", "transfer", SIZES, net, {})
    return tmp_path / "net.safetensors"


def test_everything_comes_back_bit_for_bit(tmp_path: Path) -> None:
    net = Fusion(32, 4)
    net(torch.rand(4, 1, 32, 32), torch.rand(4, 1, 32, 32))
    path = tmp_path / "deep" / "fusion.safetensors"
    save(path, "fusion", {"size": 32, "width": 4}, net, {"sigma": 0.0156})
    again, note = load_fusion(path, CPU)
    assert note == {"sigma": 0.0156}
    assert not again.training
    state, found = net.state_dict(), again.state_dict()
    assert list(found) == list(state)
    assert all(torch.equal(found[key], state[key]) for key in state)
    assert any("running_var" in key and (state[key] != 1).any() for key in state)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_the_loaded_net_makes_the_same_pictures(written: Path, tmp_path: Path) -> None:
    net = loaded(written, 32, 1)
    copy = tmp_path / "copy.safetensors"
    save(copy, "transfer", SIZES, net, {})
    spots, photo = torch.rand(1, 1, 32, 32), torch.rand(1, 1, 32, 32)
    with torch.no_grad():
        assert torch.equal(loaded(copy, 32, 1)(spots, photo), net(spots, photo))


def test_the_same_weights_are_the_same_bytes(written: Path, tmp_path: Path) -> None:
    """DVC would train Ω again after a Φ of other bytes. (Orders of a hash map come by chance.)"""
    net = loaded(written, 32, 1)
    seen = {written.read_bytes()}
    for _ in range(12):
        save(tmp_path / "again.safetensors", "transfer", SIZES, net, {})
        seen.add((tmp_path / "again.safetensors").read_bytes())
    assert len(seen) == 1


def test_another_kind_is_named(written: Path) -> None:
    with pytest.raises(UserError, match="holds weights of transfer, not of fusion"):
        load_fusion(written, CPU)


@pytest.mark.parametrize(("size", "channels"), [(64, 1), (32, 3)])
def test_weights_for_other_pictures_are_named(written: Path, size: int, channels: int) -> None:
    with pytest.raises(UserError, match=f"32×32 with 1 .* {size}×{size} with {channels}"):
        loaded(written, size, channels)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no weights at .*gone\.safetensors; run the stage"):
        load_fusion(tmp_path / "gone.safetensors", CPU)


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_a_truncated_file(written: Path, kept: int) -> None:
    written.write_bytes(written.read_bytes()[:kept])
    with pytest.raises(UserError, match=r"net\.safetensors is damaged"):
        loaded(written, 32, 1)


def test_weights_that_do_not_fit_their_header(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    save(path, "transfer", SIZES | {"width": 8}, Transfer(**SIZES), {})
    with pytest.raises(UserError, match="damaged or not made by this version"):
        loaded(path, 32, 1)


class Trap:
    """Makes a folder when unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_a_pickle_is_never_run(tmp_path: Path) -> None:
    path, trace = tmp_path / "net.safetensors", tmp_path / "trace"
    torch.save(Trap(trace), path)
    with pytest.raises(UserError, match="damaged"):
        loaded(path, 32, 1)
    assert not trace.exists()


def test_a_note_without_what_the_reader_needs_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fusion.safetensors"
    sizes = {"size": 32, "width": 4, "bottleneck": 8}
    save(path, "fusion", sizes, Fusion(**sizes), {"other": 1})
    assert load(path, "fusion", Fusion)[1] == {"other": 1}
    with pytest.raises(UserError, match="not made by this version"):
        load(path, "fusion", Fusion, ("sigma",))


@pytest.mark.parametrize("sigma", ["0.02", True, None, [0.02], float("nan"), 0.0, -0.02])
def test_a_note_whose_number_is_none_is_refused(tmp_path: Path, sigma: Any) -> None:
    path = tmp_path / "fusion.safetensors"
    sizes = {"size": 32, "width": 4, "bottleneck": 8}
    save(path, "fusion", sizes, Fusion(**sizes), {"sigma": sigma})
    with pytest.raises(UserError, match="not made by this version"):
        load_fusion(path, torch.device("cpu"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("first_norm", "false"),
        ("first_norm", 1),
        ("size", 32.0),
        ("width", "4"),
        ("channels", True),
    ],
)
def test_sizes_of_another_type_are_refused(tmp_path: Path, name: str, value: Any) -> None:
    path = tmp_path / "net.safetensors"
    sizes = SIZES | {name: True if name == "first_norm" else SIZES[name]}
    save(path, "transfer", sizes | {name: value}, Transfer(**sizes), {})
    with pytest.raises(UserError, match="damaged or not made by this version"):
        load(path, "transfer", Transfer)


def test_the_sizes_that_build_a_net_can_be_asked_for(written: Path) -> None:
    assert sizes_of(written) == SIZES
    assert list(Transfer(**sizes_of(written)).state_dict()) == list(Transfer(**SIZES).state_dict())
