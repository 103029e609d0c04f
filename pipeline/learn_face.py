"""`fet learn-face`: what faces are read, moved and opened with, from renders and photographs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fet_core.files import check_folder, make_folder
from fet_core.progress import track


def learn_face(
    assets: Annotated[
        Path, typer.Option("--assets", help="Folder of the CC0 assets of `fet synthesize`.")
    ],
    photos: Annotated[Path, typer.Option("--photos", help="Folder of the London Set.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the three files.")],
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
    eye: Annotated[
        str, typer.Option("--eye", help="Who reads the faces: dlib, or mesh for files of its own.")
    ] = "dlib",
) -> None:
    """Render known faces, mouths and closed eyes, build the face model, and train Φ in space.

    Every fourth photographed person and the last fifth of the rendered ones are left out of the
    training, for `benchmarks/portraits.py` to measure on. Finished pictures are kept.
    """
    from fet_core.face3d.bank import SHIPPED as MOUTHS
    from fet_core.face3d.bank import write_mouths
    from fet_core.face3d.fusion import SHIPPED as FUSION
    from fet_core.face3d.model import SHIPPED as MODEL
    from fet_core.face3d.model import load_model, write_model
    from fet_core.face3d.shape import make_fitter
    from fet_core.geometry.eye import Eye
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
    from fet_core.synthesis.mouths import WAYS, render_lids, render_mouths, render_shut
    from fet_core.synthesis.studio import Studio
    from fet_core.train.space import Batches, train, write_fusion

    # By dlib alone: learned from lips that the mesh parts too, it moves mouths no better.
    seeing = Eye(eye)
    check_folder(out, "choose another folder with --out")
    check_folder(work, "choose another folder with --work")
    listed = people_of(photos)
    make_folder(work)
    opened = Assets.open(assets)
    sittings = [Sitting(work, seed, number, shots) for number in range(people)]
    with Crew(assets, processes, texture_limit=1024) as crew:
        for _ in track(crew.run(sit, sittings), "known faces", total=people, unit="people"):
            pass
    albums = [read_album(sitting) for sitting in sittings]
    reading = track(albums, "reading", unit="people")
    readings = [read_points(seeing, one.pictures) for one in reading]
    learned = kept(albums, readings)
    anchors, left = learn_anchors(opened, *learned)
    inner, outline = left[17:].mean(), left[:17].mean()
    print(f"points as read to their anchors: {inner:.3f} eye distances, contour {outline:.3f}")
    sculptor = Sculptor(opened, anchors)
    write_model(out / MODEL.name, sculptor.model(seed))
    fitter = make_fitter(load_model(out / MODEL.name))
    batches = Batches(
        known_of(*learned, sculptor, fitter),
        photographed(listed, seeing, fitter),
        fitter.model,
        random_units(fitter.model.names, seed),
        seed,
    )
    write_fusion(out / FUSION.name, train(batches, steps, seed))
    studio = Studio(opened, 1024)
    rendered = track(render_mouths(studio, anchors, seed), "mouths", total=len(WAYS), unit="mouths")
    lids, shut = (render(studio, anchors, seed) for render in (render_lids, render_shut))
    write_mouths(out / MOUTHS.name, list(rendered), lids, shut)
    print(", ".join(str(out / one.name) for one in (MODEL, FUSION, MOUTHS)))
