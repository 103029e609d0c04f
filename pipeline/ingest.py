"""Stage ingest: the raw folder's pictures -> manifest.parquet and rejects.parquet."""

from __future__ import annotations

from typing import Annotated

import typer

from .common import PARAMS, DatasetOption, OutOption, ParamsOption, RootOption


def ingest(
    dataset: DatasetOption,
    root: RootOption = None,
    out: OutOption = None,
    params: ParamsOption = PARAMS,
    processes: Annotated[
        int | None,
        typer.Option("--processes", min=1, help="Processes that open pictures [default: cores]."),
    ] = None,
) -> None:
    """List the raw pictures, open each, and put each on the training or the test side."""
    from fet_core import tables
    from fet_core.datasets import make_reader
    from fet_core.datasets.ingest import check_ingested
    from fet_core.datasets.ingest import ingest as ingest_pictures
    from fet_core.datasets.kind import Kind
    from fet_core.files import write_json

    from . import common

    values = common.load(params, dataset)
    chosen = values.dataset(dataset)
    raw = common.raw_root(root, values, dataset)
    folder = common.out_folder(out, values, dataset, raw) / "ingest"

    reader = make_reader(chosen.reader, chosen.peak_frames)
    manifest, rejects = folder / "manifest.parquet", folder / "rejects.parquet"
    result = ingest_pictures(dataset, reader, raw, values.split, processes)
    # The list of rejects is what a user needs most when the stage refuses to go on, and no
    # manifest of an earlier run may then stand beside it.
    manifest.unlink(missing_ok=True)
    chosen_split = folder / "split.json"
    chosen_split.unlink(missing_ok=True)
    tables.write(rejects, result.rejects, tables.REJECTS)
    check_ingested(result, raw, values.ingest.max_reject_share, rejects)
    tables.write(manifest, result.manifest, tables.MANIFEST)
    Kind(chosen.reader, chosen.neutral_only).write(folder / "kind.json")

    if values.split.seed == "auto":
        write_json(chosen_split, {"seed": result.rule.seed})
        print(f"{dataset}: split.seed auto is {result.rule.seed}")
    print(
        f"{dataset}: {result.manifest.num_rows} pictures of "
        f"{len(result.manifest['subject'].unique())} people, {result.rejects.num_rows} left out "
        f"-> {folder}"
    )
    for note in result.listing.notes:
        print(f"  note: {note}")
