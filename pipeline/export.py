"""`fet export`: a trained FET+ as one file for `fet transfer`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fet_core import registry
from fet_core.errors import UserError
from fet_core.files import check_folder, shown
from fet_core.nets.fusion import PointFusion
from fet_core.nets.warping import Warping
from fet_core.nets.weights import Alignment, Plus, load, save_plus, sizes_of

from . import common


def export(
    dataset: common.DatasetOption,
    out: Annotated[Path, typer.Option("--out", "-o", help="The file, ending in .safetensors.")],
    in_: common.InOption = None,
    params: common.ParamsOption = common.PARAMS,
) -> None:
    """Write the FET+ that was trained on a data set as one file."""
    settings = common.load(params, dataset)
    source = common.data_folder(in_, dataset)
    if out.suffix != ".safetensors":
        raise UserError(f"{shown(out)} does not end in .safetensors; name such a file with --out")
    check_folder(out.parent, "choose another place with --out")
    parts = registry.model("fet-plus").parts
    paths = {part.name: source / part.stage / f"{part.kind}.safetensors" for part in parts}
    fusion, _ = load(paths["fusion"], "fusion_plus", PointFusion)
    transfer, _ = load(paths["transfer"], "transfer_plus", Warping)
    align = settings.align
    alignment = Alignment(
        align.size, align.eye_distance, align.eye_height, settings.landmarks.readings
    )
    sizes = {name: sizes_of(path) for name, path in paths.items()}
    save_plus(out, Plus(fusion, transfer, alignment), sizes)
    print(f"{dataset}: {out}, {out.stat().st_size / 2**20:.1f} MiB")
