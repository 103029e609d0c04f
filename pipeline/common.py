"""What every stage's command shares: its options, its folders and its ending after a mistake."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fet_core.errors import UserError
from fet_core.files import check_folder
from fet_core.locks import exclusive
from fet_core.parallel import Engine

if TYPE_CHECKING:
    from fet_core.params import Params


def _after_the_at(name: str) -> str:
    """The data set in the name of a stage that DVC runs: "rafd" of "train_fusion@rafd"."""
    return name.rpartition("@")[2]


# DVC names the stage in DVC_STAGE. A command with a name from params.yaml in it would be read by a
# shell, whatever the name says.
DatasetOption = Annotated[
    str,
    typer.Option(
        "--dataset",
        envvar="DVC_STAGE",
        show_envvar=False,
        callback=_after_the_at,
        help="Name of the data set in the params file.",
    ),
]
RootOption = Annotated[
    Path | None,
    typer.Option("--root", help="Raw folder of the data set [default: from the params file]."),
]
InOption = Annotated[
    Path | None,
    typer.Option("--in", help="Folder with the stages' outputs to read [default: data/DATASET]."),
]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", help="Folder to write this stage's output to [default: data/DATASET]."),
]
MetricsOption = Annotated[
    Path | None,
    typer.Option(
        "--metrics",
        help="Folder for small results [default: metrics/DATASET, or metrics in --out].",
    ),
]
ParamsOption = Annotated[Path, typer.Option("--params", help="The params file.")]
EngineOption = Annotated[
    Engine,
    # No param and no part of DVC's command: what comes out does not depend on it.
    typer.Option("--engine", envvar="FET_ENGINE", help="local or ray, which gives the same."),
]
DeviceOption = Annotated[
    str, typer.Option("--device", help="auto, cpu or cuda; auto takes a GPU where there is one.")
]

PARAMS = Path("params.yaml")


def load(path: Path, dataset: str) -> Params:
    """Read and validate the params file, and check that it has the data set.

    Raises:
        UserError: it is wrong. DVC has then removed what the stage puts out, so that the sentence
            says how to get back what is in DVC's cache.
    """
    from fet_core.paramsfile import load as load_params

    try:
        params = load_params(path)
        params.dataset(dataset)
    except UserError as error:
        stage = os.environ.get("DVC_STAGE", "")
        if not stage or ":" in stage:
            # The comparison, in a file of its own, keeps nothing in DVC's cache.
            raise
        raise UserError(f"{error}; `dvc checkout` brings back what the stage had made") from error
    return params


def data_folder(given: Path | None, dataset: str) -> Path:
    """The folder of a data set's stage outputs: as given, or data/DATASET."""
    return given if given is not None else Path("data") / dataset


@contextmanager
def out_folder(
    given: Path | None, params: Params, dataset: str, stage: str, root: Path | None = None
) -> Iterator[Path]:
    """The folder that a stage writes to, in `given` or in data/DATASET; never in the raw data.

    No other command writes to it before the block ends.

    Args:
        given: as `--out` says.
        params: all parameters.
        dataset: the data set's name.
        stage: the name of the folder, as "train_fusion".
        root: the raw folder, if not that of the params.

    Raises:
        UserError: the folder lies in the raw data or cannot be written to, or another command is
            writing to it.
    """
    folder = data_folder(given, dataset)
    check_folder(folder, "choose another folder with --out")
    check_separate(raw_root(root, params, dataset), folder)
    check_folder(folder / stage, "choose another folder with --out")
    with exclusive(folder, stage, "--out"):
        yield folder / stage


@contextmanager
def metrics_folder(
    given: Path | None, params: Params, dataset: str, stage: str, out: Path | None = None
) -> Iterator[Path]:
    """The folder of a data set's small results: as given, in an explicit `out`, or metrics/DATASET.

    No other command writes the same stage's results there before the block ends.

    Args:
        given: as `--metrics` says.
        params: all parameters.
        dataset: the data set's name.
        stage: whose results are written, as "train_fusion".
        out: as `--out` says.

    Raises:
        UserError: the folder lies in the raw data or cannot be written to, or another command is
            writing the stage's results there.
    """
    beside = out / "metrics" if out is not None else Path("metrics") / dataset
    folder = given if given is not None else beside
    if given is None and out is not None:
        check_folder(out, "choose another folder with --out")
    check_folder(folder, "choose another folder with --metrics")
    check_separate(raw_root(None, params, dataset), folder)
    # Of another name than the lock of `out_folder`, as both folders may be one.
    with exclusive(folder, f"{stage}-metrics", "--metrics"):
        yield folder


def raw_root(given: Path | None, params: Params, dataset: str) -> Path:
    """The raw folder: as given, or from the params file."""
    return given if given is not None else Path(params.dataset(dataset).root)


def check_separate(root: Path, out: Path) -> None:
    """Refuse an output folder inside the user's raw data, or the same as it.

    Raises:
        UserError: `out` is `root` or lies in it.
    """
    # Not `Path.resolve`, which ends in a traceback where links lead round in a circle.
    inner, outer = (Path(os.path.realpath(path)) for path in (out, root))
    if inner.is_relative_to(outer):
        raise UserError(
            f"the output folder {out} lies inside the raw data {root}, where nothing is ever "
            "written; choose another with --out"
        )


def check_outside_raw(params: Path, out: Path) -> None:
    """Refuse an output folder inside the raw data of any data set of a params file.

    Args:
        params: the params file; where there is none, no raw data are known.
        out: the folder.

    Raises:
        UserError: `out` is some data set's raw folder or lies in it, or the params are wrong.
    """
    from fet_core.paramsfile import load as load_params

    if params.is_file():
        for known in load_params(params).datasets.values():
            check_separate(Path(known.root), out)
