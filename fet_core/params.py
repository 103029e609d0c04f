"""The typed parameters of the pipeline and how params.yaml is read into them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from fet_core.errors import UserError

RESERVED = ("demo", "shipped", "studies", "experiments", "benchmarks")
"""Folders in data/ and metrics/ that are no data set's."""

LONGEST_NAME = 64
"""Characters of a data set's name."""

_SHOWN = 60


class _Section(BaseModel):
    """Unknown keys are refused, values are never coerced from text.

    But for a data set's, no key has a default: params.yaml is complete, so DVC sees every change.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Dataset(_Section):
    """One data set: where it lies and how it is read."""

    root: str = Field(min_length=1)
    reader: Literal["ckplus", "rafd", "london"]
    channels: Literal[1, 3]
    peak_frames: int = Field(default=3, ge=1)
    neutral_only: bool = False

    @field_validator("root")
    @classmethod
    def _in_full(cls, value: str) -> str:
        if value.startswith("~"):
            raise ValueError(
                f"the root {value} begins with ~, which DVC does not read; give it in full"
            )
        return value

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_reader(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("reader"), str):
            grey = value["reader"] == "ckplus"
            return {"channels": 1 if grey else 3, "neutral_only": grey} | value
        return value


class Figures(_Section):
    """Who may be shown in figures and sample grids: CK+ lets only some people be published."""

    subjects: dict[str, list[str]]

    def allowed(self, dataset: str) -> list[str] | None:
        """The subjects of a data set that may be shown, None for all."""
        return self.subjects.get(dataset)


class Split(_Section):
    """How people (or pictures) are divided between training and test.

    `seed` "auto" takes the first good one (`fet_core.datasets.split.choose_seed`).
    """

    by: Literal["subject", "image"]
    test_share: float = Field(gt=0, lt=1)
    seed: Literal["auto"] | Annotated[int, Field(ge=0, lt=2**62)]


class Ingest(_Section):
    """Reading the raw folder."""

    max_reject_share: float = Field(ge=0, le=1)


class Align(_Section):
    """Finding the face and bringing it to one place and size."""

    size: int = Field(ge=32)
    eye_distance: float = Field(gt=0.05, lt=0.6)
    eye_height: float = Field(gt=0.05, lt=0.95)
    scales: list[float] = Field(min_length=1)
    several_faces: Literal["reject", "largest"]
    max_reject_share: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _allowed(self) -> Align:
        _check_size("align.size", self.size)
        if any(scale <= 0 or scale > 4 for scale in self.scales):
            raise ValueError(
                f"align.scales is {self.scales}, but each must be a number above 0 and up to 4; "
                "mend it"
            )
        return self


class Augment(_Section):
    """Mirrored training rows and the fixed test triples."""

    flip: bool
    pairs_per_target: int = Field(ge=1)
    max_pairs: int | None = Field(ge=1)
    seed: int = Field(ge=0, lt=2**62)


class Optimisation(_Section):
    """What all trainings share: length, batch, Adam, seed and how often a sample grid is drawn."""

    epochs: int = Field(ge=1)
    batch_size: int = Field(ge=1)
    lr_g: float = Field(gt=0)
    lr_d: float = Field(gt=0)
    beta1: float = Field(ge=0, lt=1)
    beta2: float = Field(ge=0, lt=1)
    decay_from: float = Field(ge=0, le=1)
    seed: int = Field(ge=0, lt=2**62)
    grids: int = Field(ge=0)
    validate_every: int = Field(ge=1)


class Fusion(Optimisation):
    """Φ, the landmark fusion module: Eq. 1 and Eq. 3 to 6."""

    size: int = Field(ge=32)
    sigma: float = Field(gt=0, lt=0.25)
    width: int = Field(ge=4)
    bottleneck: int = Field(ge=2)
    d_width: int = Field(ge=4)
    lambda1: float = Field(ge=0)
    lambda2: float = Field(ge=0)
    lambda3: float = Field(ge=0)
    identities: float = Field(ge=0, le=2)

    @model_validator(mode="after")
    def _allowed(self) -> Fusion:
        _check_size("fusion.size", self.size)
        if self.bottleneck * 2 > self.size:
            raise ValueError("fusion.bottleneck is more than half of fusion.size; lower it")
        return self


class Transfer(Optimisation):
    """Ω, the expression transfer module: Tables 1 and 2, Eq. 7 to 9."""

    width: int = Field(ge=4)
    d_width: int = Field(ge=4)
    d_norm: Literal["spectral", "batch"]
    mu1: float = Field(ge=0)
    mu2: float = Field(ge=0)
    true_landmarks: float = Field(ge=0, le=1)
    jitter: float = Field(ge=0, le=1)


class Refine(_Section):
    """The 68 points again, for FET+."""

    readings: int = Field(ge=1)


class FusionPlus(Optimisation):
    """Φ+: Eq. 1 and Eq. 3 to 6 over points."""

    rank: int = Field(ge=1, le=136)
    width: int = Field(ge=4)
    code: int = Field(ge=1)
    dropout: float = Field(ge=0, lt=1)
    weight_decay: float = Field(ge=0)
    noise: float = Field(ge=0, lt=0.1)
    identities: float = Field(ge=0, le=2)
    d_width: int = Field(ge=4)
    lambda1: float = Field(ge=0)
    lambda2: float = Field(ge=0)
    lambda3: float = Field(ge=0)


class TransferPlus(Optimisation):
    """Ω+: a generator that moves pixels before it paints."""

    width: int = Field(ge=8, multiple_of=8)
    working: int = Field(ge=32)
    motion: bool
    ridge: float = Field(gt=0)
    d_width: int = Field(ge=4)
    mu1: float = Field(ge=0)
    mu2: float = Field(ge=0)
    structure: float = Field(ge=0)
    moved: float = Field(ge=0)
    regions: float = Field(ge=0)
    true_landmarks: float = Field(ge=0, le=1)
    jitter: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _allowed(self) -> TransferPlus:
        _check_size("transfer_plus.working", self.working)
        return self


class Baseline(Optimisation):
    """cgan, pix2pix and g2gan, what the paper's model is compared with.

    cgan uses no `l1` and has rates of its own.
    """

    width: int = Field(ge=4)
    d_width: int = Field(ge=4)
    sigma: float = Field(gt=0, lt=0.25)
    adversarial: float = Field(ge=0)
    l1: float = Field(ge=0)
    cycle: float = Field(ge=0)
    identity: float = Field(ge=0)
    cgan_lr_g: float = Field(gt=0)
    cgan_lr_d: float = Field(gt=0)
    jitter: float = Field(ge=0, le=1)


class Evaluate(_Section):
    """The tables and the figures."""

    batch_size: int = Field(ge=1)
    figure_columns: int = Field(ge=1)
    figure_train_targets: int = Field(ge=0)
    figure_test_targets: int = Field(ge=1)


class Params(_Section):
    """All of params.yaml."""

    datasets: dict[str, Dataset] = Field(min_length=1)
    figures: Figures
    split: Split
    ingest: Ingest
    align: Align
    augment: Augment
    fusion: Fusion
    transfer: Transfer
    refine: Refine
    fusion_plus: FusionPlus
    transfer_plus: TransferPlus
    baseline: Baseline
    evaluate: Evaluate

    @model_validator(mode="before")
    @classmethod
    def _reader_is_name(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get("datasets"), dict):
            return value
        for name in value["datasets"]:
            _check_name(name)
        named = {
            name: {"reader": name} | item if isinstance(item, dict) else item
            for name, item in value["datasets"].items()
        }
        return value | {"datasets": named}

    def dataset(self, name: str) -> Dataset:
        """The data set called `name`; `UserError` with the known names where there is none."""
        if name not in self.datasets:
            known = ", ".join(self.datasets)
            raise UserError(
                f'there is no data set "{name}" in the params (there are: {known}); add it under '
                '"datasets" or name another'
            )
        return self.datasets[name]


def _check_name(name: Any) -> None:
    """Refuse what cannot name a folder, a DVC stage and a part of a dotted key at once."""
    if not isinstance(name, str):
        raise ValueError(
            f'a data set cannot be called "{_shown(name)}", which YAML reads as no text; put the '
            "name in quotes or choose one with a letter in it"
        )
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name) or name in RESERVED:
        raise ValueError(
            f'a data set cannot be called "{_cut(name)}"; use letters, digits, - and _, beginning '
            f"with a letter or digit (and none of {', '.join(RESERVED)})"
        )
    if len(name) > LONGEST_NAME:
        raise ValueError(
            f'a data set cannot be called "{_cut(name)}", which has {len(name)} characters; use '
            f"{LONGEST_NAME} or fewer"
        )


def _check_size(name: str, size: int) -> None:
    odd = size
    while odd % 2 == 0 and odd > 3:
        odd //= 2
    if odd not in (2, 3):
        raise ValueError(
            f"{name} is {size}, but the networks halve a picture down to 2×2 or 3×3: use 64, 96, "
            "128, 192, 256, 384 or 512"
        )


def read_yaml(path: Path) -> Any:
    """The plain content of a YAML 1.2 file (`1e-05` is a number there).

    Raises:
        UserError: the file is missing or is not YAML.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(Path(path))
    except FileNotFoundError as error:
        raise UserError(
            f"there is no params file {path}; name one with --params or work in the project's "
            "top folder"
        ) from error
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); name a params file") from error
    except (YAMLError, ValueError) as error:
        # A plain ValueError is text that is no UTF-8, or a date or number that cannot be.
        where = getattr(error, "problem_mark", None)
        line = f" (line {where.line + 1})" if where else ""
        raise UserError(f"{path} is not valid YAML{line}; mend it or check it out again") from error


def load(path: Path) -> Params:
    """Read and validate a params file.

    Raises:
        UserError: the file is missing or no YAML, or has an unknown key, a missing section or a
            value of the wrong type or out of range; the message names the key.
    """
    value = read_yaml(path)
    if not isinstance(value, dict):
        raise UserError(f"{path} does not hold sections with keys; check it out again")
    try:
        return Params.model_validate(value)
    except ValidationError as error:
        raise UserError(f"{path}: {explain(error)}") from error


def explain(error: ValidationError, model: type[BaseModel] = Params) -> str:
    """The first of a model's complaints as one sentence: key, value found, values allowed.

    Args:
        error: what the model raised.
        model: the model.
    """
    # A value that fits none of several types has a complaint for each.
    complaints: dict[str, ErrorDetails] = {}
    for each in error.errors():
        complaints.setdefault(_place(model, each["loc"])[0], each)
    first, *others = complaints.values()
    key, kind = _place(model, first["loc"])
    found = first["input"]
    if first["type"] == "extra_forbidden":
        reason = f'there is no parameter "{key}"; mend the name'
    elif first["type"] == "missing":
        reason = f'"{key}" is missing; add it'
    elif first["type"] == "value_error":
        reason = str(first["ctx"]["error"])
    elif first["loc"][-1] == "[key]":
        reason = f'"{key}" is named {_shown(found)}, which is no text; put the name in quotes'
    else:
        allowed = describe(kind)
        if isinstance(found, float) and not math.isfinite(found):
            allowed = allowed.replace("a number", "a finite number")
        reason = f'"{key}" is {_shown(found)}, but must be {allowed}; mend it'
    more = f" ({len(others)} more like it)" if others else ""
    return reason + more


def describe(kind: Any, limits: Sequence[Any] = ()) -> str:
    """What a field may hold, in words: "a number of 0 or more", "subject or image".

    Args:
        kind: the field's type, plain or `Annotated`.
        limits: of that type, as `annotated_types` has them.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        named = [
            limit
            for item in inner[1:]
            for limit in (item.metadata if isinstance(item, FieldInfo) else [item])
        ]
        return describe(inner[0], named)
    if origin is Literal:
        return _listed([str(value) for value in inner])
    if origin in (Union, UnionType):
        return _listed([describe(part, limits) for part in inner])
    if origin is list:
        at_least = " with one entry or more" if _limit(limits, "min_length") else ""
        return f"a list{at_least}, each entry {describe(inner[0])}"
    if kind is bool:
        return "true or false"
    if kind is type(None):
        return "null"
    if kind is str:
        return "a text that is not empty" if _limit(limits, "min_length") else "a text in quotes"
    if kind in (int, float):
        return ("a whole number" if kind is int else "a number") + _range(limits)
    return "a section with keys of its own"


def _range(limits: Sequence[Any]) -> str:
    least, most = _limit(limits, "ge"), _limit(limits, "le")
    above, below = _limit(limits, "gt"), _limit(limits, "lt")
    parts = []
    if least is not None and most is not None:
        parts.append(f"from {least:g} to {most:g}")
    elif least is not None:
        parts.append(f"of {least:g} or more")
    elif most is not None:
        parts.append(f"of {most:g} or less")
    if above is not None:
        parts.append(f"above {above:g}")
    if below is not None:
        parts.append(f"below {below:g}")
    words = " and ".join(parts)
    step = _limit(limits, "multiple_of")
    return (f" {words}" if words else "") + (f", a multiple of {step:g}" if step else "")


def _limit(limits: Sequence[Any], name: str) -> Any:
    return next((getattr(each, name) for each in limits if hasattr(each, name)), None)


def _listed(words: Sequence[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def _place(model: type[BaseModel], path: Sequence[int | str]) -> tuple[str, Any]:
    """The dotted key of a complaint's place, and what may stand there."""
    kind: Any = model
    keys: list[str] = []
    for part in path:
        bare = _bare(kind)
        if isinstance(bare, type) and issubclass(bare, BaseModel):
            field = bare.model_fields.get(str(part))
            kind = Any if field is None else Annotated[(field.annotation, *field.metadata, None)]
        elif get_origin(bare) in (dict, list) and part != "[key]":
            kind = get_args(bare)[-1]
        else:
            break
        keys.append(str(part))
    return ".".join(keys), kind


def _bare(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _shown(value: Any) -> str:
    """A value as params.yaml would have it, cut where it is long."""
    if value is None:
        return "empty"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    return _cut(json.dumps(value, ensure_ascii=False, default=str))


def _cut(text: str) -> str:
    # A message is one line whatever stands in the file.
    text = text.replace("\n", "\\n")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
