"""Trials with damaged models: weights of the library, of stages, and of `fet export`."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trials.damage import Rng, altered, harm, odd_file
from trials.engine import MIB, RESULT, Kind, Limits, Wrong, note

Header = dict[str, Any]


@dataclass(frozen=True)
class Model:
    """A sound file, and what is done with it: returns numbers that must be finite."""

    content: bytes
    use: Callable[[Path], list[Any]]


def _prepare(folder: Path) -> dict[str, Model]:
    from fet_core.face3d import bank, fusion, model
    from fet_core.nets.plus_file import SHIPPED
    from trials import places

    place = places.shared(folder)
    return {
        "fet-plus-small.safetensors, loaded": Model(SHIPPED.read_bytes(), _plus),
        "fet-plus-small.safetensors for Transfer": Model(SHIPPED.read_bytes(), _transfer),
        "face-model.safetensors": Model(model.SHIPPED.read_bytes(), _face),
        "face-fusion.safetensors": Model(fusion.SHIPPED.read_bytes(), _space),
        "mouths.safetensors": Model(bank.SHIPPED.read_bytes(), _mouths),
        "fusion.safetensors": Model(
            (place.data / "train_fusion" / "fusion.safetensors").read_bytes(), _fusion
        ),
        "transfer.safetensors": Model(
            (place.data / "train_transfer" / "transfer.safetensors").read_bytes(), _generator
        ),
    }


def _plus(path: Path) -> list[Any]:
    import torch

    from fet_core.nets.plus_file import load_plus

    plus = load_plus(path)
    rng = torch.Generator().manual_seed(0)
    side = 64
    points = torch.rand(2, 68, 2, generator=rng) * side
    photo = torch.rand(1, plus.channels, side, side, generator=rng) * 2 - 1
    wanted = plus.points(points[:1], points[1:])
    return [wanted.numpy(), plus.picture(photo, points[1:], wanted).numpy()]


def _transfer(path: Path) -> list[Any]:
    from fet_core import Transfer
    from pipeline.probe_inputs import FACES

    source, target = (sorted(FACES.glob("*.jpg"))[number] for number in (0, 4))
    made = Transfer(path, "cpu")(source, target)
    if made.std() < 10:
        raise Wrong("silent", "the result is flat")
    if (made == 0).all(axis=-1).mean() > 0.1:
        raise Wrong("silent", "a tenth of the result is black")
    return [made]


def _face(path: Path) -> list[Any]:
    from fet_core.face3d.fit import Fitter
    from fet_core.face3d.model import load_model

    model = load_model(path)
    identity, units = np.zeros(len(model.identity)), np.zeros(len(model.units))
    points = model.points(identity, units)
    if points.shape != (68, 3):
        raise Wrong("silent", f"the model has points {list(points.shape)}")
    fit = Fitter(model, np.ones(68)).fit(points[None, :, :2] * 100)
    return [points, fit.units, fit.identity, fit.error]


def _space(path: Path) -> list[Any]:
    from fet_core.face3d.fusion import load_fusion
    from fet_core.face3d.model import load_model

    net, model = load_fusion(path), load_model()
    shape = model.mean[None, :, :2]
    return [net(shape * 1.01, shape)]


def _mouths(path: Path) -> list[Any]:
    from fet_core.face3d.bank import load_mouths, nearest

    mouths = load_mouths(path)
    one = nearest(mouths, mouths[0].points)
    return [one.points, one.picture]


def _fusion(path: Path) -> list[Any]:
    import torch

    from fet_core.nets.weights import load_fusion

    net, note_ = load_fusion(path, torch.device("cpu"))
    image = torch.zeros(1, 1, 32, 32)
    with torch.no_grad():
        return [net(image, image).numpy(), float(note_["sigma"])]


def _generator(path: Path) -> list[Any]:
    import torch

    from fet_core.nets.generators import Transfer
    from fet_core.nets.weights import load_fitting

    net, _ = load_fitting(path, "transfer", Transfer, 64, 3, torch.device("cpu"))
    with torch.no_grad():
        return [net(torch.zeros(1, 3, 64, 64), torch.zeros(1, 1, 64, 64)).numpy()]


def _split(content: bytes) -> tuple[Header, bytes]:
    (length,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def _joined(header: Header, body: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def _trial(models: dict[str, Model], rng: Rng, folder: Path) -> str:
    name = list(models)[rng.integers(len(models))]
    model, path = models[name], folder / "model.safetensors"
    path.write_bytes(model.content)
    how = rng.random()
    if how < 0.04:
        said = odd_file(path, rng)
    elif how < 0.3:
        content, said = harm(model.content, rng)
        path.write_bytes(content)
    elif how < 0.65:
        said = _about(path, rng)
    else:
        said = _tensor(path, rng)
    note(f"{name}: {said}")
    for value in model.use(path):
        if not np.isfinite(np.asarray(value, np.float64)).all():
            raise Wrong("silent", "it was taken, and what it makes is no number")
    return RESULT


def _about(path: Path, rng: Rng) -> str:
    """Damage what the header says besides tensors."""
    header, body = _split(path.read_bytes())
    about = header["__metadata__"]
    if "fet" in about and rng.random() < 0.8:
        made, said, _, _ = altered(json.loads(about["fet"]), rng)
        about["fet"] = json.dumps(made)
    else:
        key = str(rng.choice(list(about)))
        junk = ["", "{", "null", "[]", "7", "x" * 100_000, "[" * 100_000, ",", "\ud800"]
        about[key] = junk[rng.integers(len(junk))]
        said = f"{key} is {about[key][:20]!r}"
        if rng.random() < 0.2:
            del about[key]
            said = f"no {key}"
    path.write_bytes(_joined(header, body))
    return f"header: {said}"


def _tensor(path: Path, rng: Rng) -> str:
    """Damage one tensor's numbers or what the header says of it."""
    header, body = _split(path.read_bytes())
    names = [name for name in header if name != "__metadata__"]
    name = names[rng.integers(len(names))]
    one, content = header[name], bytearray(body)
    start, end = one["data_offsets"]
    form = {"F16": "<f2", "F32": "<f4", "F64": "<f8"}.get(one["dtype"])
    how = int(rng.integers(0 if form else 3, 9))
    if how == 0:
        value = float(rng.choice([np.nan, np.inf, -np.inf]))
        number = np.array([value], form)
        place = start + number.itemsize * int(rng.integers((end - start) // number.itemsize))
        content[place : place + number.itemsize] = number.tobytes()
        said = f"a number is {value}"
    elif how in (1, 2):
        value = float(rng.choice([0, 6e4, -6e4, 1e30, 3e38]))
        value = float(np.clip(value, np.finfo(str(form)).min, np.finfo(str(form)).max))
        many = (end - start) // np.dtype(form).itemsize
        content[start:end] = np.full(many, value, form).tobytes()
        said = f"all numbers are {value}"
    elif how == 3:
        one["shape"] = one["shape"][::-1] if rng.random() < 0.5 else [int(np.prod(one["shape"]))]
        said = f"its shape is {one['shape']}"
    elif how == 4:
        one["shape"] = [int(rng.choice([0, 2**40, 2**62])), *one["shape"][1:]]
        said = f"its shape is {one['shape']}"
    elif how == 5:
        del header[name]
        said = "left out of the header"
    elif how == 6:
        header[f"{name}.more"] = header.pop(name)
        said = "another name"
    elif how == 7:
        one["dtype"] = str(rng.choice(["I32", "U8", "BF16", "F64", "I64", "BOOL", "X"]))
        said = f"its type is {one['dtype']}"
    else:
        one["data_offsets"] = [int(rng.choice([-1, 0, 10**12])), end + int(rng.choice([0, 8]))]
        said = f"it lies at {one['data_offsets']}"
    path.write_bytes(_joined(header, bytes(content)))
    return f"{name}: {said}"


MODELS = Kind(
    "models",
    "a damaged file of weights: its header, its tensors, its bytes",
    1.0,
    _prepare,
    _trial,
    Limits(60, 1024 * MIB),
)
