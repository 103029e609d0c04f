"""FET+ as one file: it comes back as it was but for half precision, and a mistake is a sentence."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from fet_core.errors import UserError
from fet_core.nets.fusion import PointFusion
from fet_core.nets.generators import Transfer
from fet_core.nets.plus_file import Alignment, Plus, load_plus, save_plus
from fet_core.nets.warping import Warping
from fet_core.nets.weights import load, save

SIZES: dict[str, dict[str, float]] = {
    "fusion": {"rank": 5, "width": 8, "code": 4},
    "transfer": {"channels": 3, "width": 8, "working": 32},
}
ALIGNMENT = Alignment(size=64, eye_distance=0.3, eye_height=0.35, readings=7)


@pytest.fixture(scope="module")
def plus() -> Plus:
    """Untrained but for spaces, motion and heads that do something."""
    torch.manual_seed(0)
    fusion, transfer = PointFusion(**SIZES["fusion"]), Warping(**SIZES["transfer"])  # type: ignore[arg-type]
    shape = torch.randn(1, 68, 2) * 10
    faces = shape + torch.randn(20, 68, 2)
    fusion.fit(faces, faces, faces + torch.randn(20, 68, 2))
    torch.nn.init.normal_(fusion.decode[-1].weight)
    torch.nn.init.normal_(transfer.motion.weight, 0.0, 0.002)
    torch.nn.init.normal_(transfer.paint[-1].weight, 0.0, 0.05)
    return Plus(fusion.eval(), transfer.eval(), ALIGNMENT)


@pytest.fixture
def path(plus: Plus, tmp_path: Path) -> Path:
    save_plus(tmp_path / "deep" / "plus.safetensors", plus, SIZES)
    return tmp_path / "deep" / "plus.safetensors"


def test_all_comes_back_in_half_precision(plus: Plus, path: Path) -> None:
    again = load_plus(path)
    assert again.alignment == ALIGNMENT
    assert again.channels == 3
    for name in ("fusion", "transfer"):
        net, found = getattr(plus, name), getattr(again, name)
        assert not found.training
        state = found.state_dict()
        assert list(state) == list(net.state_dict())
        for key, value in net.state_dict().items():
            assert state[key].dtype == torch.float32
            assert torch.equal(state[key], value.half().float()), key
    halves = sum(v.numel() for n in (plus.fusion, plus.transfer) for v in n.state_dict().values())
    assert 2 * halves < path.stat().st_size < 2 * halves + 20_000
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_the_loaded_model_does_the_same(plus: Plus, path: Path) -> None:
    again = load_plus(path)
    generator = torch.Generator().manual_seed(1)
    source = torch.rand(1, 68, 2, generator=generator) * 50 + 7
    target = torch.rand(1, 68, 2, generator=generator) * 50 + 7
    photo = torch.rand(1, 3, 64, 64, generator=generator) * 2 - 1
    wanted = plus.points(source, target)
    assert not wanted.requires_grad
    torch.testing.assert_close(again.points(source, target), wanted, atol=0.1, rtol=0.01)
    torch.testing.assert_close(
        again.points(source, target, 2.0), plus.points(source, target, 2.0), atol=0.2, rtol=0.01
    )
    assert torch.equal(again.points(source, target, 0.0), target)
    picture = plus.picture(photo, target, target + 1)
    assert not picture.requires_grad
    assert picture.abs().max() <= 1 + 1e-5
    torch.testing.assert_close(again.picture(photo, target, target + 1), picture, atol=0.02, rtol=0)


def test_the_same_weights_are_the_same_bytes(plus: Plus, path: Path, tmp_path: Path) -> None:
    for _ in range(5):
        save_plus(tmp_path / "again.safetensors", plus, SIZES)
        assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no model at .*gone\.safetensors; name a file that `fet"):
        load_plus(tmp_path / "gone.safetensors")
    with pytest.raises(UserError, match="is a folder; name a file that `fet export`"):
        load_plus(tmp_path)


def test_another_kind_is_named(tmp_path: Path) -> None:
    path = tmp_path / "transfer.safetensors"
    sizes = {"size": 32, "channels": 1, "width": 4}
    save(path, "transfer", sizes, Transfer(**sizes), {})
    with pytest.raises(UserError, match=r"holds weights of transfer, not of FET\+"):
        load_plus(path)


def test_safetensors_of_others_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "theirs.safetensors"
    save_file({"a": torch.zeros(3)}, path)
    with pytest.raises(UserError, match=r"holds weights of something else, not of FET\+"):
        load_plus(path)


@pytest.mark.parametrize("kept", [0, 4, 100, -1])
def test_a_truncated_file(path: Path, kept: int) -> None:
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match=r"plus\.safetensors is damaged or not made by this"):
        load_plus(path)


@pytest.mark.parametrize(
    "change",
    [
        {"sizes": {}},
        {"sizes": SIZES | {"fusion": {"rank": 6, "width": 8, "code": 4}}},
        {"sizes": SIZES | {"transfer": {"channels": 1, "width": 8, "working": 32}}},
        {"sizes": SIZES | {"transfer": {"channels": 3, "width": 8, "working": 36}}},
        {"sizes": SIZES | {"transfer": {"depth": 3}}},
        {"sizes": 7},
        {"alignment": {}},
        {"alignment": {**vars(ALIGNMENT), "tilt": 1}},
        *({"alignment": {**vars(ALIGNMENT), "readings": value}} for value in (10**9, 0, "7", None)),
        *({"alignment": {**vars(ALIGNMENT), "size": value}} for value in (64.0, True, -3, 10**6)),
        *(
            {"alignment": {**vars(ALIGNMENT), "eye_distance": value}}
            for value in (0, 1e9, float("nan"), [])
        ),
        *(
            {"sizes": SIZES | {"transfer": {**SIZES["transfer"], "channels": value}}}
            for value in (200_000, 0, -1, "3", None, 1e12)
        ),
        {"sizes": SIZES | {"fusion": {"rank": 10**7, "width": 10**7, "code": 4}}},
    ],
)
def test_a_header_that_does_not_fit_the_weights(plus: Plus, tmp_path: Path, change: dict) -> None:  # type: ignore[type-arg]
    header = {"kind": "fet-plus", "sizes": SIZES, "alignment": vars(ALIGNMENT)} | change
    state = {
        f"{name}.{key}": value.half().contiguous()
        for name in ("fusion", "transfer")
        for key, value in getattr(plus, name).state_dict().items()
    }
    path = tmp_path / "odd.safetensors"
    save_file(state, path, metadata={"fet": json.dumps(header)})
    with pytest.raises(UserError, match="is damaged or not made by this version"):
        load_plus(path)


@pytest.mark.parametrize("header", ["no JSON", "[]", "7"])
def test_a_header_of_another_shape(tmp_path: Path, header: str) -> None:
    path = tmp_path / "odd.safetensors"
    save_file({"a": torch.zeros(3)}, path, metadata={"fet": header})
    with pytest.raises(UserError, match=r"odd\.safetensors"):
        load_plus(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers(plus: Plus, tmp_path: Path, value: float) -> None:
    broken = copy.deepcopy(plus)
    with torch.no_grad():
        broken.transfer.paint[-1].weight.view(-1)[0] = value
    save_plus(tmp_path / "nan.safetensors", broken, SIZES)
    with pytest.raises(UserError, match="is damaged or not made by this version") as raised:
        load_plus(tmp_path / "nan.safetensors")
    assert "that no trained network has" in str(raised.value.__cause__)


@pytest.mark.parametrize(("value", "refused"), [(9e5, False), (2e6, True), (-3e38, True)])
def test_weights_that_compute_no_numbers(tmp_path: Path, value: float, refused: bool) -> None:
    net = Transfer(32, 3, 4)
    torch.nn.init.constant_(next(net.parameters()), value)
    save(tmp_path / "a.safetensors", "transfer", {"channels": 3, "size": 32, "width": 4}, net, {})
    if refused:
        with pytest.raises(UserError, match="is damaged or not made by this version"):
            load(tmp_path / "a.safetensors", "transfer", Transfer)
    else:
        made, _ = load(tmp_path / "a.safetensors", "transfer", Transfer)
        assert torch.isfinite(made(torch.ones(1, 3, 32, 32), torch.ones(1, 1, 32, 32))).all()
