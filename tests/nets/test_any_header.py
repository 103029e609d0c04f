"""Whatever stands in the header of a file of weights: a model that computes, or a sentence."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file

from fet_core.errors import UserError
from fet_core.nets.fusion import PointFusion
from fet_core.nets.generators import Transfer
from fet_core.nets.plus_file import Alignment, Plus, load_plus, save_plus
from fet_core.nets.warping import Warping
from fet_core.nets.weights import load_fitting, save

SOME = st.sampled_from([0, 1, 3, 8, 32, 64, 5000, 10**9, 2**63, 1e308, -0.0, 0.5, -2, "gone"])
NUMBERS = st.integers(-3, 5000) | st.integers() | st.floats()
ANY = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=5,
)
PLUS_SIZES: dict[str, dict[str, float]] = {
    "fusion": {"rank": 5, "width": 8, "code": 4},
    "transfer": {"channels": 3, "width": 8, "working": 32},
}
SIZES = {"channels": 3, "size": 32, "width": 4}
NEEDS = ("sigma",)

many = settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])


def places(value: Any, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The path of every value in a header, those of objects too."""
    found = [above] if above else []
    if isinstance(value, dict):
        for key, below in value.items():
            found += places(below, (*above, key))
    return found


def changed(header: dict[str, Any], place: tuple[str, ...], value: Any) -> dict[str, Any]:
    """A copy with another value at a place; "gone" takes it away."""
    made = copy.deepcopy(header)
    at = made
    for key in place[:-1]:
        at = at[key]
    if value == "gone":
        del at[place[-1]]
    else:
        at[place[-1]] = value
    return made


def read(path: Path) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    with safe_open(str(path), framework="pt") as file:
        state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        return json.loads(file.metadata()["fet"]), state


@pytest.fixture(scope="module")
def plus_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("plus") / "plus.safetensors"
    fusion, transfer = PointFusion(**PLUS_SIZES["fusion"]), Warping(**PLUS_SIZES["transfer"])  # type: ignore[arg-type]
    faces = torch.rand(20, 68, 2) * 64
    fusion.fit(faces, faces, faces + torch.randn(20, 68, 2))
    save_plus(path, Plus(fusion, transfer, Alignment(64, 0.3, 0.35, 7)), PLUS_SIZES)
    return path


@pytest.fixture(scope="module")
def transfer_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("transfer") / "transfer.safetensors"
    save(path, "transfer", SIZES, Transfer(**SIZES), {"sigma": 1.5})
    return path


def assert_named(error: UserError, path: Path) -> None:
    assert str(path) in str(error)


def check_plus(path: Path) -> None:
    try:
        plus = load_plus(path)
    except UserError as error:
        assert_named(error, path)
        return
    header, _ = read(path)
    # Files of before the eye could be chosen name none.
    assert vars(plus.alignment) == {"eye": "dlib"} | header["alignment"]
    assert 16 <= plus.alignment.size <= 4096
    with torch.no_grad():
        points = plus.fusion.fuse(torch.rand(1, 68, 2) * 64, torch.rand(1, 68, 2) * 64, 1.0)
    assert points.shape == (1, 68, 2)
    assert torch.isfinite(points).all()


@many
@given(data=st.data())
def test_any_value_anywhere_in_the_header_of_fet_plus(data: st.DataObject, plus_file: Path) -> None:
    header, state = read(plus_file)
    place = data.draw(st.sampled_from(places(header)))
    value = data.draw(SOME | ANY)
    path = plus_file.with_name("damaged.safetensors")
    save_file(state, str(path), {"fet": json.dumps(changed(header, place, value))})
    check_plus(path)


@many
@given(data=st.data())
def test_any_value_anywhere_in_the_header_of_a_model(
    data: st.DataObject, transfer_file: Path
) -> None:
    header, state = read(transfer_file)
    place = data.draw(st.sampled_from(places(header)))
    value = data.draw(SOME | ANY)
    path = transfer_file.with_name("damaged.safetensors")
    save_file(state, str(path), {"fet": json.dumps(changed(header, place, value))})
    cpu = torch.device("cpu")
    try:
        net, note = load_fitting(path, "transfer", Transfer, 32, 3, cpu, NEEDS)
    except UserError as error:
        assert_named(error, path)
        return
    assert (net.size, net.channels) == (32, 3)
    assert 0 < note["sigma"] < float("inf")
    with torch.no_grad():
        assert torch.isfinite(net(torch.zeros(1, 3, 32, 32), torch.zeros(1, 1, 32, 32))).all()


@many
@given(text=st.text(max_size=40) | ANY.map(json.dumps))
@example(text="")
@example(text="[" * 5000)
@example(text='{"kind": "fet-plus"}')
def test_any_text_as_the_header(text: str, plus_file: Path) -> None:
    _, state = read(plus_file)
    path = plus_file.with_name("damaged.safetensors")
    save_file(state, str(path), {"fet": text})
    with pytest.raises(UserError, match=str(path)):
        load_plus(path)
