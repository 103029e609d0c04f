"""`fet grayscale`: the file to read for each picture, converted where the data set asks for it."""

from __future__ import annotations

from . import common


def grayscale(
    dataset: common.DatasetOption,
    root: common.RootOption = None,
    in_: common.InOption = None,
    out: common.OutOption = None,
    params: common.ParamsOption = common.PARAMS,
) -> None:
    """Write grey or plain 8-bit colour pictures where needed (CK+ grey, RaFD colour)."""
    from fet_core import tables
    from fet_core.datasets.frames import make_frames

    settings = common.load(params, dataset)
    raw = common.raw_root(root, settings, dataset)
    folder = common.out_folder(out, settings, dataset, raw) / "grayscale"
    source = common.data_folder(in_, dataset)
    manifest = tables.read(source / "ingest" / "manifest.parquet", tables.MANIFEST)
    frames = make_frames(manifest, raw, settings.dataset(dataset).channels, folder)
    tables.write(folder / "frames.parquet", frames, tables.FRAMES)
    converted = sum(value != "" for value in frames["conversion"].to_pylist())
    print(f"{dataset}: {frames.num_rows} pictures, {converted} converted")
