"""Samples, test triples and faces as the stages left them, held against each other."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pyarrow as pa

from fet_core import tables
from fet_core.contents import check_names, check_numbers, refused
from fet_core.data.frames import open_faces
from fet_core.errors import UserError

_ROLES = {
    "source": ("source_subject", "expression"),
    "reference": ("source_subject", "target_expression"),
    "target": ("target_subject", "target_expression"),
    "truth": ("target_subject", "expression"),
}
"""What a triple says of the samples that it names: whom they show, and with which expression."""


def read_samples(folder: Path) -> tuple[pa.Table, pa.Table]:
    """The samples of a data set and its test triples.

    Args:
        folder: of the data set's stage outputs.

    Returns:
        tables with the schemas `fet_core.tables.SAMPLES` and `fet_core.tables.TRIPLES`.

    Raises:
        UserError: as `fet_core.tables.read` and `open_faces`, or the samples are of other faces
            than those of faces.npy, or the triples of other samples, or of some that are not on
            the test side.
    """
    path = folder / "augment" / "samples.parquet"
    samples = tables.read(path, tables.SAMPLES, filled=True)
    faces = open_faces(folder / "align" / "faces.npy")
    check_numbers(path, samples, "row", len(faces), "faces.npy")
    path = folder / "augment" / "triples.parquet"
    triples = tables.read(path, tables.TRIPLES)
    if not triples.num_rows:
        raise UserError(
            f"{path} is empty: no two test people show the same two expressions; raise "
            "split.test_share or add people, and run `dvc repro` again"
        )
    shown = samples.select(["subject", "expression", "split", "flipped"])
    for role, named in _ROLES.items():
        check_numbers(path, triples, role, samples.num_rows, "samples.parquet")
        said_of = triples.select([role, *named]).to_pylist()
        pairs = zip(shown.take(triples[role]).to_pylist(), said_of, strict=True)
        for row, (sample, triple) in enumerate(pairs):
            said = [triple[name] for name in named]
            if [sample["subject"], sample["expression"]] != said:
                other = f"{sample['subject']}, {sample['expression']}"
                why = f"which is {other} in samples.parquet where it is {', '.join(said)} here"
                raise refused(path, row, role, triple[role], why)
            if sample["split"] != "test" or sample["flipped"]:
                why = "which is not of the test side in samples.parquet"
                raise refused(path, row, role, triple[role], why)
    return samples, triples


def read_faces(folder: Path, known: Collection[str]) -> pa.Table:
    """The table of the faces that were found, with the schema `fet_core.tables.FACES`.

    Args:
        folder: of the stage align.
        known: names of the samples of frames.parquet.

    Raises:
        UserError: as `fet_core.tables.read`, or the table is of other pictures or other faces than
            those of faces.npy.
    """
    path = folder / "faces.parquet"
    faces = tables.read(path, tables.FACES, filled=True)
    check_names(path, faces, known, "frames.parquet")
    check_numbers(path, faces, "row", len(open_faces(folder / "faces.npy")), "faces.npy")
    for name in ("matrix", "box", "points"):
        for row, (number, value) in enumerate(
            zip(faces["row"].to_pylist(), faces[name].is_null().to_pylist(), strict=True)
        ):
            if number is not None and value:
                raise refused(path, row, name, None, "although it has a face")
    return faces


def read_landmarks(folder: Path, faces: int, known: Collection[str]) -> pa.Table:
    """The landmarks of the faces, with the schema `fet_core.tables.LANDMARKS`.

    Args:
        folder: of the stage landmarks.
        faces: how many faces.npy has.
        known: names of the samples of manifest.parquet.

    Raises:
        UserError: as `fet_core.tables.read`, or they are of other pictures or faces.
    """
    path = folder / "landmarks.parquet"
    landmarks = tables.read(path, tables.LANDMARKS, filled=True)
    check_names(path, landmarks, known, "manifest.parquet")
    check_numbers(path, landmarks, "row", faces, "faces.npy")
    return landmarks
