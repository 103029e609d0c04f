"""The typed parameters of the pipeline: all that params.yaml holds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from fet_core.errors import UserError, cut
from fet_core.files import check_name


class _Section(BaseModel):
    """Unknown keys are refused, values are never coerced from text.

    But for a data set's, no key has a default: params.yaml is complete, so DVC sees every change.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class DatasetParams(_Section):
    """One data set: where it lies and how it is read."""

    root: str = Field(min_length=1)
    reader: Literal["ckplus", "rafd", "london", "folder"]
    channels: Literal[1, 3]
    peak_frames: int = Field(default=3, ge=1)
    neutral_only: bool = False
    picture_mb: int = Field(default=360, ge=1, le=536)

    @property
    def max_bytes(self) -> int:
        """What a decoded picture may take."""
        return self.picture_mb * 1_000_000

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

    def allowed(self, dataset: str, private: bool) -> list[str] | None:
        """The subjects of a data set that may be shown, None for all.

        Args:
            dataset: its name.
            private: whether nobody may be shown who is not listed (`fet_core.data.readers.Kind`).
        """
        return self.subjects.get(dataset, [] if private else None)


class Split(_Section):
    """How people (or pictures) are divided between training and test.

    `seed` "auto" takes the first good one (`fet_core.data.split.choose_seed`).
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
    sources_per_target: int = Field(ge=1)
    max_triples: int | None = Field(ge=1)
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
    augmentation: float = Field(ge=0, le=1)


class Landmarks(_Section):
    """The 68 points: dlib's single reading, and the mean of many for FET+; or the mesh's."""

    eye: Literal["dlib", "mesh"] = "dlib"
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
    look_alikes: bool = False
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
    augmentation: float = Field(ge=0, le=1)

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
    augmentation: float = Field(ge=0, le=1)


class Evaluate(_Section):
    """The tables and the figures."""

    batch_size: int = Field(ge=1)
    figure_columns: int = Field(ge=1)
    figure_train_targets: int = Field(ge=0)
    figure_test_targets: int = Field(ge=1)


class Params(_Section):
    """All of params.yaml."""

    datasets: dict[str, DatasetParams] = Field(min_length=1)
    figures: Figures
    split: Split
    ingest: Ingest
    align: Align
    landmarks: Landmarks
    augment: Augment
    fusion: Fusion
    transfer: Transfer
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
            check_name(name)
        named = {
            name: {"reader": name} | item if isinstance(item, dict) else item
            for name, item in value["datasets"].items()
        }
        return value | {"datasets": named}

    def dataset(self, name: str) -> DatasetParams:
        """The data set called `name`; `UserError` with the known names where there is none."""
        if name not in self.datasets:
            known = ", ".join(self.datasets)
            raise UserError(
                f'there is no data set "{cut(name)}" in the params (there are: {known}); add it '
                'under "datasets" or name another'
            )
        return self.datasets[name]


def _check_size(name: str, size: int) -> None:
    odd = size
    while odd % 2 == 0 and odd > 3:
        odd //= 2
    if odd not in (2, 3):
        raise ValueError(
            f"{name} is {size}, but the networks halve a picture down to 2×2 or 3×3: use 64, 96, "
            "128, 192, 256, 384 or 512"
        )
