"""`fet export`: a trained FET+ as one file, for `fet transfer` or for any runtime of ONNX."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fet_core import registry
from fet_core.errors import UserError
from fet_core.files import check_folder, shown
from fet_core.nets.fusion import PointFusion
from fet_core.nets.plus_file import Alignment, Plus, load_plus, save_plus
from fet_core.nets.warping import Warping
from fet_core.nets.weights import load, sizes_of

from . import common

if TYPE_CHECKING:
    from fet_core.params import Params


class Format(StrEnum):
    """What may be written, by the ending of its files."""

    safetensors = "safetensors"
    onnx = "onnx"


def export(
    out: Annotated[
        Path, typer.Option("--out", "-o", help="The file, ending in .safetensors or .onnx.")
    ],
    dataset: common.DatasetOption = "",
    in_: common.InOption = None,
    params: common.ParamsOption = common.PARAMS,
    kind: Annotated[
        Format, typer.Option("--format", help="onnx: for runtimes without torch.")
    ] = Format.safetensors,
    side: Annotated[
        int | None,
        typer.Option("--side", help="Of all pictures that an ONNX file takes [default: any]."),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option("--model", help="For ONNX: a file of `fet export`, instead of a data set."),
    ] = None,
) -> None:
    """Write the FET+ that was trained on a data set as one file."""
    if (side, model) != (None, None) and kind is not Format.onnx:
        raise UserError("--side and --model are for ONNX; say --format onnx, or leave them out")
    if bool(dataset) == (model is not None):
        raise UserError("name a data set with --dataset, or a file of `fet export` with --model")
    settings = None if model is not None else common.load(params, dataset)
    if out.suffix != f".{kind}":
        raise UserError(f"{shown(out)} does not end in .{kind}; name such a file with --out")
    check_folder(out.parent, "choose another place with --out")
    if kind is Format.onnx and not out.parent.is_dir():
        raise UserError(
            f"there is no folder {shown(out.parent)}; make it, or choose another place with --out"
        )
    sizes: dict[str, dict[str, float]] = {}
    if settings is None:
        plus = load_plus(model)
    else:
        plus, sizes = _trained(common.data_folder(in_, dataset), settings)
    said = ""
    if kind is Format.onnx:
        from fet_core.nets.onnx_file import write_onnx

        apart = write_onnx(out, plus, side)
        said = f", in onnxruntime at most {apart:.2g}/255 from torch"
    else:
        save_plus(out, plus, sizes)
    print(f"{dataset or model}: {out}, {out.stat().st_size / 2**20:.1f} MiB{said}")


def _trained(source: Path, settings: Params) -> tuple[Plus, dict[str, dict[str, float]]]:
    """What the stages have left in a folder, and the sizes of both networks."""
    parts = registry.model("fet-plus").parts
    paths = {part.name: source / part.stage / f"{part.kind}.safetensors" for part in parts}
    fusion, _ = load(paths["fusion"], "fusion_plus", PointFusion)
    transfer, _ = load(paths["transfer"], "transfer_plus", Warping)
    align = settings.align
    points = settings.landmarks
    alignment = Alignment(
        align.size, align.eye_distance, align.eye_height, points.readings, points.eye
    )
    return Plus(fusion, transfer, alignment), {name: sizes_of(path) for name, path in paths.items()}
