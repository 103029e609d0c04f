"""`fet read`: pose and face units of photographs; `fet learn-face`: what they are read with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fet_core.errors import UserError
from fet_core.files import check_file, check_folder
from fet_core.progress import track

if TYPE_CHECKING:
    from fet_core.face3d.fit import Fit

_SHOWN = 0.1
"""Units weaker than this are left out of the table."""


def read(
    pictures: Annotated[
        list[Path], typer.Argument(help="Photographs, with one face each or more.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a face and line, with all units.")
    ] = False,
) -> None:
    """Print where each face looks and what it does, in ARKit's face units from 0 to 1."""
    from fet_core.face3d.eye import Eye
    from fet_core.face3d.face import Face, shape_of
    from fet_core.face3d.shape import fitter
    from fet_core.portrait import open_picture

    for path in pictures:
        check_file(path, "there is no picture", "name a PNG or JPEG file")
    eye = Eye()
    refused: list[str] = []
    for path in track(pictures, "reading", unit="pictures") if len(pictures) > 20 else pictures:
        try:
            picture = open_picture(path)
            found = eye.find(picture)
            if not found:
                raise UserError(f"no face was found in {path}; name a picture that shows one")
            for number, face in enumerate(found, 1):
                fit = shape_of(Face(str(path), picture, eye.read(picture, face))).fit
                said = {"picture": str(path), "face": number} | _said(fit, fitter().model.names)
                print(json.dumps(said, ensure_ascii=False) if as_json else _table(said))
        except UserError as error:
            refused.append(str(error))
    if refused:
        raise UserError("\nfet: ".join(refused))


def _said(fit: Fit, names: Sequence[str]) -> dict[str, Any]:
    yaw, pitch, roll = (round(float(angle), 1) for angle in fit.angles()[0])
    units = {
        name: round(min(max(float(value), 0.0), 1.0), 3)
        for name, value in zip(names, fit.units[0], strict=True)
    }
    return {
        "yaw": yaw,
        "pitch": pitch,
        "roll": roll,
        "error": round(float(fit.error[0]), 4),
        "units": units,
    }


def _table(said: dict[str, Any]) -> str:
    strong = sorted(said["units"].items(), key=lambda one: -one[1])
    lines = [
        f"{said['picture']}, face {said['face']}: yaw {said['yaw']:+.0f}°, pitch "
        f"{said['pitch']:+.0f}°, roll {said['roll']:+.0f}°"
    ]
    lines += [
        f"  {name:<20} {value:.2f} {'█' * round(20 * min(value, 1))}"
        for name, value in strong
        if value >= _SHOWN
    ]
    return "\n".join(lines)


def learn_face(
    assets: Annotated[
        Path, typer.Option("--assets", help="Folder of the CC0 assets of `fet synthesize`.")
    ],
    photos: Annotated[Path, typer.Option("--photos", help="Folder of the London Set.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of both files.")],
    work: Annotated[
        Path, typer.Option("--work", help="Folder of the rendered faces, which are kept.")
    ] = Path("data/known"),
    people: Annotated[
        int, typer.Option("--people", min=8, help="How many people are rendered.")
    ] = 70,
    shots: Annotated[int, typer.Option("--shots", min=2, help="Pictures of each.")] = 12,
    steps: Annotated[int, typer.Option("--steps", min=1, help="Of the training.")] = 6000,
    seed: Annotated[
        int, typer.Option("--seed", help="Everything is a function of this number.")
    ] = 7,
    processes: Annotated[int, typer.Option("--processes", min=1, help="Rendering processes.")] = 2,
) -> None:
    """Render known faces, build the face model of them, and train Φ in space.

    Every fourth photographed person and the last fifth of the rendered ones are left out of the
    training, for `benchmarks/portraits.py` to measure on. Finished pictures are kept.
    """
    from fet_core.face3d.eye import Eye
    from fet_core.face3d.fusion import SHIPPED as FUSION
    from fet_core.face3d.model import SHIPPED as MODEL
    from fet_core.face3d.model import load_model, write_model
    from fet_core.face3d.shape import make_fitter
    from fet_core.synthesis.assets import Assets
    from fet_core.synthesis.crew import Crew
    from fet_core.synthesis.face_model import Sculptor, learn_anchors
    from fet_core.synthesis.known import Sitting, read_album, sit
    from fet_core.synthesis.lessons import (
        kept,
        known_of,
        people_of,
        photographed,
        random_units,
        read_points,
    )
    from fet_core.train.space import Batches, train, write_fusion

    check_folder(out, "choose another folder with --out")
    check_folder(work, "choose another folder with --work")
    listed = people_of(photos)
    work.mkdir(parents=True, exist_ok=True)
    opened = Assets.open(assets)
    sittings = [Sitting(work, seed, number, shots) for number in range(people)]
    with Crew(assets, processes, texture_limit=1024) as crew:
        for _ in track(crew.run(sit, sittings), "known faces", total=people, unit="people"):
            pass
    albums = [read_album(sitting) for sitting in sittings]
    eye = Eye()
    readings = [read_points(eye, one.pictures) for one in track(albums, "reading", unit="people")]
    learned = kept(albums, readings)
    anchors, left = learn_anchors(opened, *learned)
    inner, outline = left[17:].mean(), left[:17].mean()
    print(f"dlib's points to their anchors: {inner:.3f} eye distances, contour {outline:.3f}")
    sculptor = Sculptor(opened, anchors)
    write_model(out / MODEL.name, sculptor.model(seed))
    fitter = make_fitter(load_model(out / MODEL.name))
    batches = Batches(
        known_of(*learned, sculptor, fitter),
        photographed(listed, eye, fitter),
        fitter.model,
        random_units(fitter.model.names, seed),
        seed,
    )
    write_fusion(out / FUSION.name, train(batches, steps, seed))
    print(f"{out / MODEL.name}, {out / FUSION.name}")
