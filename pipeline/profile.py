"""`fet profile`: puts a set of values into params.yaml, and says what training with it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from . import common

if TYPE_CHECKING:
    import torch

    from fet_core.params import Params

SAMPLES = 1000
"""Training pictures that a cost is told for where nobody knows how many there are."""


def profile(
    name: Annotated[str, typer.Argument(help="paper, demo or tiny.")],
    params: common.ParamsOption = common.PARAMS,
    estimate: Annotated[
        bool | None,
        typer.Option(
            "--estimate/--no-estimate",
            help="Time the first steps of each training on this machine and say what all of it "
            "would take [default: for paper].",
        ),
    ] = None,
    device: common.DeviceOption = "auto",
) -> None:
    """Put the values of a profile into the params file; data sets, split and seeds stay.

    paper: the paper's sizes and lengths. demo: for 2 cores and 20 minutes. tiny: the whole pipeline
    with all baselines in minutes, for trying things; its pictures are no good.
    """
    from fet_core.errors import UserError
    from fet_core.params import load, set_values
    from fet_core.profiles import COMMON, PROFILES

    if name not in PROFILES:
        *others, last = PROFILES
        raise UserError(f'there is no profile "{name}"; say {", ".join(others)} or {last}')
    where = None
    if estimate or (estimate is None and name == "paper"):
        from fet_core.store import choose_device

        where = choose_device(device)
    changed = set_values(params, COMMON | PROFILES[name])
    print(f"{params}: profile {name}, {changed} values changed", flush=True)
    if where is not None:
        _estimate(load(params), where)


def _estimate(settings: Params, where: torch.device) -> None:
    """Print a line for each training of each data set, and one on what is not counted."""
    from fet_core.progress import duration
    from fet_core.timing import measure, sentence, usable_samples

    found = {name: usable_samples(common.data_folder(None, name)) for name in settings.datasets}
    sets = {name: count for name, count in found.items() if count is not None}
    mirrored = 2 if settings.augment.flip else 1
    each = sets or {f"for each {SAMPLES:,} training pictures": SAMPLES * mirrored}
    total = 0.0
    for _, cost in measure(settings, where):
        for data, samples in each.items():
            print(sentence(cost, data, samples, where), flush=True)
            total += cost.total(samples)
    print(
        f"together {duration(total)}{'' if sets else f' for {SAMPLES:,} pictures'}, with this "
        "machine as busy as now; not counted: validation "
        "and sample grids, the baselines (each about as Ω), reading, alignment and evaluation"
    )
    if sets and len(sets) < len(found):
        without = ", ".join(name for name in found if name not in sets)
        print(f"not counted either: {without}, of which nothing is ingested yet")
