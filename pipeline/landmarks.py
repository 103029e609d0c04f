"""`fet landmarks`: dlib's 68 points of each aligned face, as Parquet."""

from __future__ import annotations

from . import common


def landmarks(
    dataset: common.DatasetOption,
    root: common.RootOption = None,
    in_: common.InOption = None,
    out: common.OutOption = None,
    params: common.ParamsOption = common.PARAMS,
) -> None:
    """Find the 68 landmarks and carry them into the aligned face."""
    from fet_core import tables
    from fet_core.datasets.frames import frame_paths
    from fet_core.faces.extract import landmarks_all
    from fet_core.faces.landmarkfile import face_items, landmark_table, preview
    from fet_core.files import write_png

    settings = common.load(params, dataset)
    raw = common.raw_root(root, settings, dataset)
    source = common.data_folder(in_, dataset)
    folder = common.out_folder(out, settings, dataset, raw) / "landmarks"
    frames = tables.read(source / "grayscale" / "frames.parquet", tables.FRAMES)
    faces = tables.read(source / "align" / "faces.parquet", tables.FACES)
    paths = frame_paths(frames, raw, source / "grayscale")
    items = face_items(frames, faces, paths)
    found = list(landmarks_all(items, settings.dataset(dataset).channels))
    table = landmark_table(faces, found)
    tables.write(folder / "landmarks.parquet", table, tables.LANDMARKS)
    write_png(folder / "preview.png", preview(source / "align" / "faces.npy", table))
    print(f"{dataset}: 68 landmarks on {table.num_rows} faces")
