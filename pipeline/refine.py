"""`fet refine`: the 68 points again as the mean of many readings, for FET+."""

from __future__ import annotations

from . import common


def refine(
    dataset: common.DatasetOption,
    root: common.RootOption = None,
    in_: common.InOption = None,
    out: common.OutOption = None,
    params: common.ParamsOption = common.PARAMS,
) -> None:
    """Read the landmarks of every face many times and put their means into the samples."""
    from fet_core import tables
    from fet_core.datasets.frames import frame_paths
    from fet_core.datasets.refined import with_points
    from fet_core.faces.facearray import open_faces
    from fet_core.faces.landmarkfile import face_items
    from fet_core.faces.readings import mean_landmarks_all

    settings = common.load(params, dataset)
    raw = common.raw_root(root, settings, dataset)
    source = common.data_folder(in_, dataset)
    folder = common.out_folder(out, settings, dataset, raw) / "refine"
    frames = tables.read(source / "grayscale" / "frames.parquet", tables.FRAMES)
    faces = tables.read(source / "align" / "faces.parquet", tables.FACES)
    samples = tables.read(source / "augment" / "samples.parquet", tables.SAMPLES)
    size = open_faces(source / "align" / "faces.npy").shape[1]
    items = face_items(frames, faces, frame_paths(frames, raw, source / "grayscale"))
    channels, readings = settings.dataset(dataset).channels, settings.refine.readings
    found = list(mean_landmarks_all(items, channels, readings))
    tables.write(folder / "samples.parquet", with_points(samples, found, size), tables.SAMPLES)
    print(f"{dataset}: {readings} readings of {len(found)} faces")
