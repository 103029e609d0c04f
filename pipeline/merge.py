"""`fet merge`: several data sets as one to train on, as the shipped weights were."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fet_core import tables
from fet_core.datasets.kind import Kind
from fet_core.datasets.merged import merged_faces, merged_pairs, merged_samples
from fet_core.errors import UserError
from fet_core.faces.facearray import open_faces, write_faces
from fet_core.files import check_folder


def merge(
    parts: Annotated[
        list[Path],
        typer.Argument(help="Folders with stage outputs, each of one data set, up to `refine`."),
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
    if out.resolve() in {part.resolve() for part in parts}:
        raise UserError(f"--out {out} is one of the data sets to merge; name another folder")
    faces = {part.name: open_faces(part / "align" / "faces.npy") for part in parts}
    pictures = [len(array) for array in faces.values()]
    plain, fine, pairs = (
        {part.name: tables.read(part / stage / file, schema) for part in parts}
        for stage, file, schema in (
            ("augment", "samples.parquet", tables.SAMPLES),
            ("refine", "samples.parquet", tables.SAMPLES),
            ("augment", "pairs.parquet", tables.PAIRS),
        )
    )
    counts = [table.num_rows for table in plain.values()]
    write_faces(out / "align" / "faces.npy", merged_faces(faces))
    for stage, samples in (("augment", plain), ("refine", fine)):
        merged = merged_samples(samples, pictures)
        tables.write(out / stage / "samples.parquet", merged, tables.SAMPLES)
    tables.write(out / "augment" / "pairs.parquet", merged_pairs(pairs, counts), tables.PAIRS)
    Kind("merged", False).write(out / "augment" / "kind.json")
    print(f"{' + '.join(names)}: {sum(pictures)} faces, {sum(counts)} samples in {out}")
