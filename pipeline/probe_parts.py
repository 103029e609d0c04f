"""What `fet probe` runs: every stage on its fixed input, with every switch of it once."""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from . import probe_inputs as inputs
from . import probe_made as made

Parts = dict[str, dict[str, Any]]
"""Accounts by part and by variant."""

SIZE = inputs.SIZE
MEASURED = ("copy", "warp", "truth")
"""Rows of `fet evaluate` whose numbers say what the instruments do, and not what a model does."""

DECODED = ("fet-plus", "fet-plus-heatmap")
"""Models in whose results landmark images are decoded."""


def every() -> dict[str, Callable[[Path], Parts]]:
    """What is to be run, by name; each is given an empty folder. The longest come first."""
    from fet_core import registry

    runs: dict[str, Callable[[Path], Parts]] = {
        "evaluate": evaluate,
        "evaluate_plus": partial(evaluate_alone, "fet-plus"),
        "compare": compare,
    }
    trained = {part.stage: name for name, part in reversed(list(registry.part_names()))}
    runs |= {stage: partial(train, stage) for stage in sorted(trained, reverse=True)}
    runs |= {
        one.stage: partial(evaluate_alone, one.name)
        for one in registry.MODELS
        if one.name not in ("fet-plus", "fet") and one.parts
    }
    return runs | {
        "align": align,
        "landmarks": landmarks,
        "truths": truths,
        "augment": augment,
        "grayscale": grayscale,
        "ingest": ingest,
        "merge": merge,
        "export": export,
    }


def run(name: str) -> Parts:
    """Run one of `every` in a folder of its own, alone and in silence."""
    import torch

    torch.set_num_threads(1)
    for variable in [key for key in os.environ if key.startswith("DVC")]:
        del os.environ[variable]
    silent = io.StringIO()
    with (
        contextlib.redirect_stdout(silent),
        contextlib.redirect_stderr(silent),
        tempfile.TemporaryDirectory() as folder,
    ):
        return every()[name](Path(folder))


def train(name: str, folder: Path) -> Parts:
    """A training stage: the losses of its first steps, its weights, what validation says."""
    from fet_core import registry

    from .train import train as stage

    part = next(own for own, part in registry.part_names() if part.stage == name)
    found = {"drawn": made.drawn(folder / "drawn")}
    for variant, given in made.TRAINING.get(name, {"plain": {}}).items():
        place = folder / variant
        more = {"checkpoints": place / "checkpoints", "device": "cpu"}
        values = dict(given)
        size, neutral_only = values.pop("size", SIZE), values.pop("neutral_only", False)
        values.setdefault("dataset.neutral_only", neutral_only)
        inputs.write_samples(place, size, values.get("dataset.channels", 3), neutral_only)
        if name != "train_fusion":
            made.weights(place, values.get("dataset.channels", 3), ("fet", "fet-plus"))
        found[variant] = _account(stage, place, values, part=part, in_=place, **more)
    return {name: found}


def evaluate(folder: Path) -> Parts:
    """The paper's model, and in a part of its own what is measured on pictures of no model."""
    from .evaluate import evaluate as stage

    found: Parts = {"evaluate": {}, "measure": {}}
    for variant, channels, shown in (("colour", 3, {}), ("grey", 1, {inputs.NAME: ["22"]})):
        place = folder / variant
        inputs.write_samples(place, 64, channels)
        made.weights(place, channels, ("fet",))
        values = {"dataset.channels": channels, "figures.subjects": shown}
        whole = _account(stage, place, values, in_=place, row="fet", device="cpu")
        measured = {path for path in whole if Path(path).stem in MEASURED}
        found["measure"][variant] = {path: whole[path] for path in sorted(measured)}
        found["evaluate"][variant] = {path: whole[path] for path in sorted(whole.keys() - measured)}
    return found


def truths(folder: Path) -> Parts:
    """What the instruments read on truths."""
    from .evaluate import truths as stage

    found = {}
    for variant, channels in (("plain", 3), ("grey", 1)):
        place = folder / variant
        inputs.write_samples(place, 64, channels)
        found[variant] = _account(stage, place, {}, in_=place, device="cpu")
    return {"truths": found}


def evaluate_alone(name: str, folder: Path) -> Parts:
    """The row of a model that is evaluated by itself."""
    from fet_core import registry

    from .evaluate import evaluate as stage

    inputs.write_samples(folder, 64, 3)
    # The landmarks that FET+ predicts stand beside those of the paper's Φ.
    made.weights(folder, 3, ("fet", name))
    found = _account(stage, folder, {}, in_=folder, row=name, device="cpu")
    part = "evaluate_plus" if name == "fet-plus" else registry.model(name).stage
    faint = {"faint": made.decoded(folder / "decoded")} if name in DECODED else {}
    return {part: {"plain": found} | faint}


def compare(folder: Path) -> Parts:
    """The full table, from scores by formula."""
    from .evaluate import compare as stage

    found = {}
    for variant, channels in (("colour", 3), ("grey", 1)):
        place = folder / variant
        inputs.write_samples(place, SIZE, channels)
        made.write_rows(place, place / "out" / "metrics")
        found[variant] = _account(stage, place, {"dataset.channels": channels}, in_=place)
    return {"compare": found}


def ingest(folder: Path) -> Parts:
    """The raw layouts with all their faults, and every way of splitting."""
    from . import probe_raw
    from .prepare import ingest as stage

    found = {}
    for variant, layout, values in probe_raw.VARIANTS:
        place = folder / variant
        raw = probe_raw.LAYOUTS[layout](place / "raw")
        given = {"dataset.reader": layout, "dataset.root": str(raw)} | values
        found[variant] = _account(stage, place, given, processes=1)
    return {"ingest": found}


def grayscale(folder: Path) -> Parts:
    """Pictures of all kinds, to grey and to colour."""
    from . import probe_raw
    from .prepare import grayscale as stage

    found = {}
    variants: tuple[tuple[str, str, Any], ...] = (
        ("grey", "rafd", 1),
        ("ckplus", "ckplus", inputs.DEFAULT),
        ("rafd", "rafd", inputs.DEFAULT),
        ("london", "london", inputs.DEFAULT),
        ("folder", "folder", inputs.DEFAULT),
    )
    for variant, reader, channels in variants:
        place = folder / variant
        raw = probe_raw.pictures(place / "raw")
        inputs.write_stored(place, raw)
        values = {"dataset.reader": reader, "dataset.channels": channels, "dataset.root": str(raw)}
        found[variant] = _account(stage, place, values, in_=place)
    return {"grayscale": found}


def align(folder: Path) -> Parts:
    """Faces, no face and two faces."""
    from .prepare import align as stage

    variants: dict[str, dict[str, Any]] = {
        "plain": {},
        "grey": {"dataset.channels": 1, "align.several_faces": "largest", "align.size": 48},
        "placed": {"align.eye_distance": 0.4, "align.eye_height": 0.45, "align.scales": [1.0]},
        "mesh": {"landmarks.eye": "mesh"},
    }
    return {"align": _of_raw(stage, folder, variants)}


def landmarks(folder: Path) -> Parts:
    """Both eyes' points."""
    from .prepare import landmarks as stage

    variants: dict[str, dict[str, Any]] = {
        "plain": {},
        "grey": {"dataset.channels": 1, "landmarks.readings": 1},
        "mesh": {"landmarks.eye": "mesh"},
    }
    return {"landmarks": _of_raw(stage, folder, variants)}


def augment(folder: Path) -> Parts:
    """Samples and test triples."""
    from .prepare import augment as stage

    variants: dict[str, dict[str, Any]] = {
        "plain": {},
        "few": {"augment.max_triples": 3, "augment.sources_per_target": 2},
        "straight": {"augment.flip": False, "augment.seed": 8},
        "neutral": {"neutral_only": True},
    }
    return {"augment": _of_raw(stage, folder, variants)}


def merge(folder: Path) -> Parts:
    """Two data sets, grey and colour, as one."""
    from fet_core.probes import account

    from .prepare import merge as stage

    for name, channels in (("one", 1), ("two", 3)):
        inputs.write_samples(folder / name, SIZE, channels)
    stage(parts=[folder / "one", folder / "two"], out=folder / "out")
    return {"merge": {"plain": account(folder / "out")}}


def export(folder: Path) -> Parts:
    """FET+ as one file."""
    from fet_core.probes import account

    from .export import export as stage

    inputs.write_samples(folder, 64, 3)
    made.weights(folder, 3, ("fet-plus",))
    params = inputs.write_params(folder / "params.yaml", folder / "raw", {})
    path = folder / "out" / "plus.safetensors"
    stage(dataset=inputs.NAME, out=path, in_=folder, params=params)
    return {"export": {"plain": account(path.parent)}}


def _of_raw(
    stage: Callable[..., None], folder: Path, variants: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    found = {}
    raw = inputs.write_raw(folder / "raw")
    for variant, given in variants.items():
        place, values = folder / variant, dict(given)
        neutral_only = values.pop("neutral_only", False)
        inputs.write_samples(place, 64, values.get("dataset.channels", 3), neutral_only)
        inputs.write_stored(place, raw)
        values |= {"dataset.root": str(raw), "dataset.neutral_only": neutral_only}
        found[variant] = _account(stage, place, values, in_=place)
    return found


def _account(
    stage: Callable[..., None], place: Path, values: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    """Run a stage in a folder that holds its inputs; what it has written."""
    from fet_core.probes import account

    out = place / "out"
    params = inputs.write_params(place / "params.yaml", place / "raw", values)
    stage(dataset=inputs.NAME, out=out, params=params, **more)
    return account(out)
