"""`fet profile`: puts a set of values into params.yaml, and says what training with it costs."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from fet_core.errors import UserError
from fet_core.overlays import put_values
from fet_core.params import Params, load
from fet_core.progress import duration
from fet_core.studies import open_study

from . import common

SAMPLES = 1000
"""Training pictures that a cost is told for where nobody knows how many there are."""


def profile(
    name: Annotated[str, typer.Argument(help="paper, demo, tiny, or a study of your own.")],
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
    """Put the values of a study that has nothing else into the params file.

    Data sets, split, seeds and comments stay.

    paper: the paper's sizes and lengths. demo: for 2 cores and 20 minutes. tiny: the whole pipeline
    with all baselines in minutes, for trying things; its pictures are no good.
    """
    opened = open_study(name, params)
    if opened.stages or opened.study.keys:
        raise UserError(
            f"the study {opened.name} is to be run, by `fet study {opened.name}`; a profile has "
            "values alone, as paper, demo and tiny"
        )
    wanted = estimate or (estimate is None and opened.name == "paper")
    where = None
    if wanted:
        # Here, as it loads torch, which takes longer than all that other profiles do.
        from fet_core.store import choose_device

        where = choose_device(device)
    changed = put_values(params, opened.values)
    print(f"{params}: profile {opened.name}, {changed} values changed", flush=True)
    if where is not None:
        _estimate(load(params), where)


def _estimate(settings: Params, where: Any) -> None:
    """Print a line for each training of each data set, and one on what is not counted.

    Args:
        settings: all parameters.
        where: a device of torch's.
    """
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
