"""`fet augment`: training samples with their mirrored rows, and the fixed test triples."""

from __future__ import annotations

from . import common


def augment(
    dataset: common.DatasetOption,
    in_: common.InOption = None,
    out: common.OutOption = None,
    params: common.ParamsOption = common.PARAMS,
) -> None:
    """Join labels and landmarks, mirror the training side, fix the test triples."""
    from fet_core import tables
    from fet_core.datasets.kind import Kind
    from fet_core.datasets.pairs import test_pairs
    from fet_core.datasets.samples import make_samples
    from fet_core.faces.facearray import open_faces

    settings = common.load(params, dataset)
    source = common.data_folder(in_, dataset)
    folder = common.out_folder(out, settings, dataset) / "augment"
    manifest = tables.read(source / "ingest" / "manifest.parquet", tables.MANIFEST)
    kind = Kind.read(source / "ingest" / "kind.json")
    points = tables.read(source / "landmarks" / "landmarks.parquet", tables.LANDMARKS)
    options = settings.augment
    size = open_faces(source / "align" / "faces.npy").shape[1]
    samples = make_samples(manifest, points, size, options.flip)
    pairs = test_pairs(
        samples,
        options.seed,
        options.pairs_per_target,
        options.max_pairs,
        kind.neutral_only,
    )
    kind.write(folder / "kind.json")
    tables.write(folder / "samples.parquet", samples, tables.SAMPLES)
    tables.write(folder / "pairs.parquet", pairs, tables.PAIRS)
    training = sum(side == "train" for side in samples["split"].to_pylist())
    print(f"{dataset}: {training} training samples, {pairs.num_rows} test triples")
