"""Every model in one place: its parts and what trains them, its row of the tables, its look.

An entry is all that a model needs beside a file of its own; `docs/add-a-model.md` adds one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from fet_core.errors import UserError, cut

BOTH = ("transfer", "oracle")


@dataclass(frozen=True)
class Part:
    """What one training of a model makes.

    Attributes:
        name: within the model, as in `fet train fet/transfer`; the model's own where it has no
            other part.
        title: on the progress bar.
        stage: of DVC, and the folder of its outputs; the weights in it are named `kind`.
        kind: of the weights.
        params: its section of params.yaml.
        recipe: "module:function" that builds its training (`fet_core.recipes.base.Recipe`).
    """

    name: str
    title: str
    stage: str
    kind: str
    params: str
    recipe: str


@dataclass(frozen=True)
class Style:
    """How a model is drawn: a colour, the dashes of its curve, a marker and its size."""

    colour: str
    dashes: tuple[float, ...] = ()
    marker: str = "o"
    size: float = 3.5


@dataclass(frozen=True)
class Model:
    """A row of the tables.

    Attributes:
        name: of the row, the files of its results and the command line.
        title: what it is, in a few words.
        parts: what is trained, in order; none where nothing is learned.
        predictor: "module:function" that makes the row (`fet_core.recipes.base.Predictor`).
        stage: the folder in which its evaluation leaves its scores.
        protocols: those that apply; what takes no geometry has no *oracle*.
        differences: file that tells what it has more than each other row, "" for none.
        figures: folder of its figures below metrics/DATASET, "" for none.
        landmarks: "module:function" that compares the landmarks that it predicts with others'
            (`fet_core.recipes.base.LandmarkErrors`), "" for none.
        short: whether `dvc exp show` has columns of it.
        tables: whether the full tables have it; an ablation stands in its study's table alone.
        published: the paper's name for it in Tables 3 and 4, "" where it is not there.
        style: in charts; None for what is never drawn, or as all others.
    """

    name: str
    title: str
    predictor: str
    stage: str
    parts: tuple[Part, ...] = ()
    protocols: tuple[str, ...] = BOTH
    differences: str = ""
    figures: str = ""
    landmarks: str = ""
    short: bool = False
    tables: bool = True
    published: str = ""
    style: Style | None = None


_FET, _PLUS = "fet_core.recipes.fet", "fet_core.recipes.fet_plus"
_BASELINES = "fet_core.recipes.baselines"


def _baseline(name: str) -> tuple[Part, ...]:
    return (Part(name, name, f"train_{name}", name, "baseline", f"{_BASELINES}:{name}"),)


_FUSION = Part("fusion", "Φ", "train_fusion", "fusion", "fusion", f"{_FET}:fusion")
_FUSION_PLUS = Part(
    "fusion", "Φ+", "train_fusion_plus", "fusion_plus", "fusion_plus", f"{_PLUS}:fusion"
)


def _transfer_plus(title: str, stage: str, recipe: str) -> Part:
    return Part("transfer", title, stage, "transfer_plus", "transfer_plus", f"{_PLUS}:{recipe}")


INK = "#010203"
"""Stands for the colour of the text around a chart: `currentColor` in the finished SVG."""

# Colours are Okabe and Ito's, darkened until they stand out from white and from black.
MODELS: tuple[Model, ...] = (
    Model("copy", "the target photo as it is", f"{_FET}:copy", "evaluate", style=Style("#7f7f7f")),
    Model(
        "warp",
        "a thin-plate spline by the source's motion",
        f"{_FET}:warp",
        "evaluate",
        style=Style("#bf8700"),
    ),
    Model(
        "cgan",
        "the target photo and the expression's name",
        f"{_BASELINES}:cgan_method",
        "evaluate_cgan",
        _baseline("cgan"),
        protocols=BOTH[:1],
        published="CGAN",
        style=Style("#cc6fa5", (1, 1.5), "v"),
    ),
    Model(
        "pix2pix",
        "the target photo and the source's landmarks",
        f"{_BASELINES}:pix2pix_method",
        "evaluate_pix2pix",
        _baseline("pix2pix"),
        published="Pix2pix",
        style=Style("#3a93c8", (5, 2), "s"),
    ),
    Model(
        "g2gan",
        "an expression removed and another one put on",
        f"{_BASELINES}:g2gan_method",
        "evaluate_g2gan",
        _baseline("g2gan"),
        published="G2-GAN",
        style=Style("#00916a", (6, 2, 1, 2), "D"),
    ),
    Model(
        "fet",
        "the paper's Φ and Ω",
        f"{_FET}:fet",
        "evaluate",
        (
            _FUSION,
            Part("transfer", "Ω", "train_transfer", "transfer", "transfer", f"{_FET}:transfer"),
        ),
        differences="differences.json",
        figures="figures",
        short=True,
        published="The proposed model",
        style=Style("#d55e00"),
    ),
    Model(
        "fet-plus",
        "FET+: points in the place of heat maps, pixels moved before any is painted",
        f"{_PLUS}:method",
        "evaluate_fet_plus",
        (_FUSION_PLUS, _transfer_plus("Ω+", "train_transfer_plus", "transfer")),
        differences="differences-plus.json",
        figures="plus",
        landmarks=f"{_PLUS}:landmarks",
        short=True,
        style=Style(INK, (), "*", 6),
    ),
    Model("truth", "the truth itself, a ceiling", f"{_FET}:truth", "evaluate"),
    Model(
        "fet-plus-heatmap",
        "FET+ with the paper's Φ, whose peaks are decoded, in the place of Φ+",
        f"{_PLUS}:heatmap_method",
        "evaluate_fet_plus_heatmap",
        (_FUSION, _transfer_plus("Ω+ after Φ", "train_fet_plus_heatmap", "transfer_after_heatmap")),
        tables=False,
    ),
    Model(
        "fet-plus-unet",
        "FET+ with the paper's Ω in the place of Ω+",
        f"{_PLUS}:unet_method",
        "evaluate_fet_plus_unet",
        (_FUSION_PLUS, _transfer_plus("Ω after Φ+", "train_fet_plus_unet", "transfer_unet")),
        tables=False,
    ),
    Model(
        "fet-letter",
        "the paper to the letter: BatchNorm after Ω's first convolution too",
        f"{_FET}:letter",
        "evaluate_fet_letter",
        (
            _FUSION,
            Part(
                "transfer",
                "Ω to the letter",
                "train_fet_letter",
                "transfer",
                "transfer",
                f"{_FET}:transfer_to_the_letter",
            ),
        ),
        tables=False,
    ),
)
"""All models, those of the tables in the tables' order; the truth is in competition with none."""


BASELINES = tuple(one.name for one in MODELS if any(p.params == "baseline" for p in one.parts))
"""What the paper's model is compared with: trained and evaluated by comparison/dvc.yaml."""


STAGES: dict[str, tuple[str, ...]] = {
    "prepare": ("ingest", "grayscale", "align", "landmarks", "augment", "truths"),
    "paper": ("train fet/fusion", "train fet/transfer", "evaluate"),
    "plus": (
        "train fet-plus/fusion",
        "train fet-plus/transfer",
        "evaluate --row fet-plus",
    ),
    "baselines": tuple(
        line for name in BASELINES for line in (f"train {name}", f"evaluate --row {name}")
    ),
    "compare": ("compare",),
}
"""The command lines of all stages, in their order, by the word that stands for them in a study."""


def stage_lines() -> dict[str, str]:
    """The command line of every stage, those of ablations too, by the folder that it fills."""
    rows = {one.stage: f"evaluate --row {one.name}" for one in reversed(MODELS)}
    trained = {each.stage: f"train {name}" for name, each in reversed(list(part_names()))}
    prepared = {line: line for line in STAGES["prepare"]}
    return prepared | trained | rows | {"evaluate": "evaluate"}


def model(name: str) -> Model:
    """The model of that name.

    Raises:
        UserError: there is none.
    """
    for one in MODELS:
        if one.name == name:
            return one
    raise UserError(
        f'there is no model "{cut(name)}"; say one of {", ".join(one.name for one in MODELS)}'
    )


def part(name: str) -> Part:
    """The part called MODEL/PART, as "fet/transfer"; MODEL alone where it has one part.

    Raises:
        UserError: there is none.
    """
    names, owner = dict(part_names()), name.partition("/")[0]
    if name in names:
        return names[name]
    if known := [one for one in names if one.partition("/")[0] == owner]:
        raise UserError(f'there is no "{cut(name)}" to train; say {" or ".join(known)}')
    raise UserError(
        f'there is no model "{cut(owner or name)}" to train; say one of {", ".join(names)}'
    )


def part_names() -> Iterator[tuple[str, Part]]:
    """What `fet train` knows, with each part; one that several models share has several names."""
    for one in MODELS:
        for each in one.parts:
            yield (f"{one.name}/{each.name}" if len(one.parts) > 1 else one.name), each


def rows(tables: bool = True) -> tuple[str, ...]:
    """Names of the rows of the tables, in their order; with `tables` false of all models."""
    return tuple(one.name for one in MODELS if one.tables or not tables)


def evaluated(stage: str) -> tuple[Model, ...]:
    """The models whose scores one evaluation leaves in a folder, in the tables' order."""
    return tuple(one for one in MODELS if one.stage == stage)


def look_up(place: str) -> Any:
    """What "module:name" stands for."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
