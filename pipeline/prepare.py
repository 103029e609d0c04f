"""Preparing data sets: ingest, grayscale, align, landmarks, augment, and merging them."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from fet_core import tables
from fet_core.data.faces import (
    FaceWriter,
    align_all,
    check_found,
    face_items,
    landmark_table,
    mean_landmarks_all,
)
from fet_core.data.frames import (
    frame_paths,
    make_frames,
    merged_faces,
    merged_samples,
    merged_triples,
    open_faces,
    write_faces,
)
from fet_core.data.ingest import check_ingested
from fet_core.data.ingest import ingest as ingest_pictures
from fet_core.data.previews import preview_faces, preview_landmarks
from fet_core.data.readers import Kind, make_reader
from fet_core.data.samples import fixed_triples, make_samples
from fet_core.data.stored import read_faces, read_landmarks, read_samples
from fet_core.errors import UserError
from fet_core.files import check_folder, write_json, write_png
from fet_core.locks import exclusive
from fet_core.parallel import Engine

from . import common
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
    engine: common.EngineOption = Engine.LOCAL,
) -> None:
    """List the raw pictures, open each, and put each on the training or the test side."""
    values = common.load(params, dataset)
    chosen = values.dataset(dataset)
    raw = common.raw_root(root, values, dataset)
    with common.out_folder(out, values, dataset, "ingest", raw) as folder:
        reader = make_reader(chosen.reader, chosen.peak_frames)
        manifest, rejects = folder / "manifest.parquet", folder / "rejects.parquet"
        result = ingest_pictures(
            dataset, reader, raw, values.split, processes, chosen.max_bytes, engine
        )
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
            f"{len(result.manifest['subject'].unique())} people, {result.rejects.num_rows} left "
            f"out -> {folder}"
        )
        for note in result.listing.notes:
            print(f"  note: {note}")


def grayscale(
    dataset: common.DatasetOption,
    root: common.RootOption = None,
    in_: common.InOption = None,
    out: common.OutOption = None,
    params: common.ParamsOption = common.PARAMS,
    engine: common.EngineOption = Engine.LOCAL,
) -> None:
    """Write grey or plain 8-bit colour pictures where needed (CK+ grey, RaFD colour)."""
    settings = common.load(params, dataset)
    raw = common.raw_root(root, settings, dataset)
    with common.out_folder(out, settings, dataset, "grayscale", raw) as folder:
        source = common.data_folder(in_, dataset)
        manifest = tables.read(source / "ingest" / "manifest.parquet", tables.MANIFEST, True)
        channels = settings.dataset(dataset).channels
        frames = make_frames(manifest, raw, channels, folder, engine=engine)
        tables.write(folder / "frames.parquet", frames, tables.FRAMES)
        converted = sum(value != "" for value in frames["conversion"].to_pylist())
        print(f"{dataset}: {frames.num_rows} pictures, {converted} converted")


def align(
    dataset: common.DatasetOption,
    root: common.RootOption = None,
    in_: common.InOption = None,
    out: common.OutOption = None,
    params: common.ParamsOption = common.PARAMS,
    engine: common.EngineOption = Engine.LOCAL,
) -> None:
    """Find the face in each picture and bring its eyes to fixed places."""
    settings = common.load(params, dataset)
    raw = common.raw_root(root, settings, dataset)
    source = common.data_folder(in_, dataset)
    with common.out_folder(out, settings, dataset, "align", raw) as folder:
        frames = tables.read(source / "grayscale" / "frames.parquet", tables.FRAMES, True)
        channels = settings.dataset(dataset).channels
        paths = frame_paths(frames, raw, source / "grayscale")
        writer = FaceWriter(folder / "faces.npy", settings.align.size, channels)
        with writer:
            results = align_all(
                paths, channels, settings.align, settings.landmarks.eye, engine=engine
            )
            for sample_id, result in zip(frames["sample_id"].to_pylist(), results, strict=True):
                writer.add(sample_id, result)
        table = writer.table()
        tables.write(folder / "faces.parquet", table, tables.FACES)
        write_png(folder / "preview.png", preview_faces(folder / "faces.npy"))
        check_found(table, settings.align.max_reject_share, folder / "faces.parquet")
        why = Counter(reason for reason in table["reason"].to_pylist() if reason)
        left = ", ".join(f"{reason} ({count})" for reason, count in sorted(why.items()))
        print(
            f"{dataset}: {writer.count} faces in {frames.num_rows} pictures"
            + (f"; left out, in faces.parquet: {left}" if left else "")
        )


def landmarks(
    dataset: common.DatasetOption,
    root: common.RootOption = None,
    in_: common.InOption = None,
    out: common.OutOption = None,
    params: common.ParamsOption = common.PARAMS,
    engine: common.EngineOption = Engine.LOCAL,
) -> None:
    """Carry the 68 landmarks into the aligned face, and read them many times for their mean."""
    settings = common.load(params, dataset)
    raw = common.raw_root(root, settings, dataset)
    source = common.data_folder(in_, dataset)
    with common.out_folder(out, settings, dataset, "landmarks", raw) as folder:
        frames = tables.read(source / "grayscale" / "frames.parquet", tables.FRAMES, True)
        faces = read_faces(source / "align", {*frames["sample_id"].to_pylist()})
        channels, wanted = settings.dataset(dataset).channels, settings.landmarks
        if wanted.eye == "dlib":
            paths = frame_paths(frames, raw, source / "grayscale")
            items = face_items(frames, faces, paths)
            means = mean_landmarks_all(items, channels, wanted.readings, engine=engine)
            table, how = landmark_table(faces, list(means)), f"{wanted.readings} readings of each"
        else:
            table, how = landmark_table(faces), "as the mesh has read them"
        tables.write(folder / "landmarks.parquet", table, tables.LANDMARKS)
        write_png(folder / "preview.png", preview_landmarks(source / "align" / "faces.npy", table))
        print(f"{dataset}: 68 landmarks on {table.num_rows} faces, {how}")


def augment(
    dataset: common.DatasetOption,
    in_: common.InOption = None,
    out: common.OutOption = None,
    params: common.ParamsOption = common.PARAMS,
) -> None:
    """Join labels and landmarks, mirror the training side, fix the test triples."""
    settings = common.load(params, dataset)
    source = common.data_folder(in_, dataset)
    with common.out_folder(out, settings, dataset, "augment") as folder:
        manifest = tables.read(source / "ingest" / "manifest.parquet", tables.MANIFEST, True)
        kind = Kind.read(source / "ingest" / "kind.json")
        count, size, *_ = open_faces(source / "align" / "faces.npy").shape
        points = read_landmarks(source / "landmarks", count, {*manifest["sample_id"].to_pylist()})
        options = settings.augment
        samples = make_samples(manifest, points, size, options.flip)
        triples = fixed_triples(
            samples,
            options.seed,
            options.sources_per_target,
            options.max_triples,
            kind.neutral_only,
        )
        kind.write(folder / "kind.json")
        tables.write(folder / "samples.parquet", samples, tables.SAMPLES)
        tables.write(folder / "triples.parquet", triples, tables.TRIPLES)
        training = sum(side == "train" for side in samples["split"].to_pylist())
        print(f"{dataset}: {training} training samples, {triples.num_rows} test triples")


def merge(
    parts: Annotated[
        list[Path],
        typer.Argument(help="Folders with stage outputs, each of one data set."),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder to write the outputs to.")],
) -> None:
    """Put the faces, samples and test triples of several data sets behind each other."""
    names = [part.name for part in parts]
    if len(set(names)) < len(names):
        raise UserError(
            f"the folders {', '.join(names)} do not have different names; name each data set once"
        )
    check_folder(out, "choose another folder with --out")
    # Not `Path.resolve`, which ends in a traceback where links lead round in a circle.
    if os.path.realpath(out) in {os.path.realpath(part) for part in parts}:
        raise UserError(f"--out {out} is one of the data sets to merge; name another folder")
    with exclusive(out, "align", "--out"), exclusive(out, "augment", "--out"):
        faces = {part.name: open_faces(part / "align" / "faces.npy") for part in parts}
        pictures = [len(array) for array in faces.values()]
        read = {part.name: read_samples(part) for part in parts}
        kinds = [Kind.read(part / "augment" / "kind.json") for part in parts]
        samples = {name: table for name, (table, _) in read.items()}
        triples = {name: table for name, (_, table) in read.items()}
        counts = [table.num_rows for table in samples.values()]
        write_faces(out / "align" / "faces.npy", merged_faces(faces))
        merged = merged_samples(samples, pictures)
        tables.write(out / "augment" / "samples.parquet", merged, tables.SAMPLES)
        tables.write(
            out / "augment" / "triples.parquet", merged_triples(triples, counts), tables.TRIPLES
        )
        Kind.merged(kinds).write(out / "augment" / "kind.json")
        print(f"{' + '.join(names)}: {sum(pictures)} faces, {sum(counts)} samples in {out}")
