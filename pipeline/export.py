"""`fet export`: Φ+ and Ω+ as one file of half-precision weights, for `fet transfer`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import common


def export(
    dataset: common.DatasetOption,
    out: Annotated[Path, typer.Option("--out", "-o", help="The file, ending in .safetensors.")],
    in_: common.InOption = None,
    params: common.ParamsOption = common.PARAMS,
) -> None:
    """Write the FET+ that was trained on a data set as one file."""
    from fet_core.errors import UserError
    from fet_core.evaluation.plus import weights_in
    from fet_core.files import check_folder, shown
    from fet_core.models.files import load, sizes_of
    from fet_core.models.plus import Alignment, Plus, save_plus
    from fet_core.models.points import PointFusion
    from fet_core.models.warping import Warping

    settings = common.load(params, dataset)
    made = (settings.fusion_plus.representation, settings.transfer_plus.generator)
    if made != ("points", "warp"):
        raise UserError(
            f"{params} makes FET+ of {made[0]} and {made[1]}, which `fet transfer` cannot use; set "
            "fusion_plus.representation to points and transfer_plus.generator to warp"
        )
    source = common.data_folder(in_, dataset)
    if out.suffix != ".safetensors":
        raise UserError(f"{shown(out)} does not end in .safetensors; name such a file with --out")
    check_folder(out.parent, "choose another place with --out")
    paths = {
        "fusion": weights_in(source / "train_fusion_plus"),
        "transfer": weights_in(source / "train_transfer_plus"),
    }
    fusion, _ = load(paths["fusion"], "fusion_plus", PointFusion)
    transfer, _ = load(paths["transfer"], "transfer_plus", Warping)
    align = settings.align
    alignment = Alignment(
        align.size, align.eye_distance, align.eye_height, settings.refine.readings
    )
    sizes = {name: sizes_of(path) for name, path in paths.items()}
    save_plus(out, Plus(fusion, transfer, alignment), sizes)
    print(f"{dataset}: {out}, {out.stat().st_size / 2**20:.1f} MiB")
