"""`fet align`: one aligned face for each picture, or the reason why there is none."""

from __future__ import annotations

from . import common


def align(
    dataset: common.DatasetOption,
    root: common.RootOption = None,
    in_: common.InOption = None,
    out: common.OutOption = None,
    params: common.ParamsOption = common.PARAMS,
) -> None:
    """Find the face in each picture and bring its eyes to fixed places."""
    from fet_core import tables
    from fet_core.datasets.frames import frame_paths
    from fet_core.faces.extract import align_all
    from fet_core.faces.facefile import FaceWriter, check_found, preview
    from fet_core.files import write_png

    settings = common.load(params, dataset)
    raw = common.raw_root(root, settings, dataset)
    source = common.data_folder(in_, dataset)
    folder = common.out_folder(out, settings, dataset, raw) / "align"
    frames = tables.read(source / "grayscale" / "frames.parquet", tables.FRAMES)
    channels = settings.dataset(dataset).channels
    paths = frame_paths(frames, raw, source / "grayscale")
    writer = FaceWriter(folder / "faces.npy", settings.align.size, channels)
    with writer:
        results = align_all(paths, channels, settings.align)
        for sample_id, result in zip(frames["sample_id"].to_pylist(), results, strict=True):
            writer.add(sample_id, result)
    table = writer.table()
    tables.write(folder / "faces.parquet", table, tables.FACES)
    write_png(folder / "preview.png", preview(folder / "faces.npy"))
    check_found(table, settings.align.max_reject_share, folder / "faces.parquet")
    print(f"{dataset}: {writer.count} faces in {frames.num_rows} pictures")
