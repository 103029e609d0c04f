"""`fet animate`: a photograph that does what a face in a film does."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from fet_core.errors import UserError
from fet_core.files import check_file, shown

from .pictures import EyeOption, ForceOption, check_place, loading

_VIDEOS = (".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".flv", ".wmv", ".ogv")


def animate(
    driving: Annotated[
        Path, typer.Argument(help="A video, an animated GIF, or a folder of frames.")
    ],
    target: Annotated[Path, typer.Argument(help="The photograph whose face to move.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The film to write, .mp4 or .gif.")],
    intensity: Annotated[
        float, typer.Option("--intensity", help="1 moves as the driving face does, 2 doubles.")
    ] = 1.0,
    relative: Annotated[
        bool,
        typer.Option(
            "--relative/--absolute",
            help="Where the driving face is at rest, keep the target's expression, or take the "
            "driving one's.",
        ),
    ] = True,
    rest: Annotated[
        str,
        typer.Option("--rest", help="Which driving picture is at rest: calmest or first."),
    ] = "calmest",
    driving_face: Annotated[
        int | None,
        typer.Option(
            "--driving-face",
            help="Which face to follow, in the first picture that shows any, from the left from 1.",
        ),
    ] = None,
    target_face: Annotated[
        int | None,
        typer.Option("--target-face", help="Which of the target's faces to move, likewise."),
    ] = None,
    mouth: Annotated[
        str,
        typer.Option("--mouth", help="Whose teeth are seen: auto, source, bank or target."),
    ] = "auto",
    size: Annotated[
        int, typer.Option("--size", min=64, max=4096, help="The film's longest side at most.")
    ] = 1280,
    rate: Annotated[
        float | None,
        typer.Option("--rate", min=0.1, max=240, help="Frames a second of a folder [default: 25]."),
    ] = None,
    sound: Annotated[bool, typer.Option("--sound", help="Keep the driving film's sound.")] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="Show the driving film beside the result.")
    ] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, help="Processes; one a core.")
    ] = None,
    eye: EyeOption = "auto",
    force: ForceOption = False,
) -> None:
    """Write a film in which the target's photograph does what the driving face does."""
    if rest not in ("calmest", "first"):
        raise UserError(f'--rest is "{rest}"; choose calmest or first')
    _check_out(out, driving, target, force)
    with loading():
        from fet_core.animation import Animation, Settings, write_animation
        from fet_core.film.reading import Film

    film = Film(driving, None if rate is None else Fraction(rate).limit_denominator(1001))
    if sound and out.suffix.lower() == ".gif":
        raise UserError("a GIF has no sound; name an .mp4, or leave --sound out")
    if sound and not film.has_sound:
        raise UserError(f"{driving} has no sound; leave --sound out")
    settings = Settings(
        intensity, relative, rest == "first", driving_face, target_face, mouth, size, eye
    )
    animation = Animation(film, target, settings, jobs)
    write_animation(animation, out, film, sound, compare)
    print(f"{out}: {animation.count} pictures of {target}, moved as in {driving}")
    if relative:
        agape = ", its mouth open; --absolute takes all that it does" * animation.agape
        print(f"at rest: the driving face at {animation.rest:.2f} s{agape}")
    if animation.cuts:
        print(f"cuts in the driving film: {animation.cuts}, across which nothing is smoothed")
    if animation.people > 1:
        print(f"people told apart: {animation.people}, each with a face at rest of its own")
    if animation.faceless:
        pictures = f"{animation.faceless} picture{'s' * (animation.faceless != 1)}"
        print(f"without a face: {pictures}, at which the result stands still")
    if film.damaged:
        print(f"{driving} is damaged ({film.damaged}); the result ends where it does")


def _check_out(out: Path, driving: Path, target: Path, force: bool) -> None:
    from fet_core.data.pictures import SUFFIXES as PHOTOGRAPHS
    from fet_core.film.writing import SUFFIXES

    name = shown(out)
    there = check_place(out, "-o", "film")
    if out.suffix.lower() not in SUFFIXES:
        raise UserError(f"{name} does not end in .mp4 or .gif; give the film one of these")
    check_file(target, "there is no picture", "name a PNG or JPEG file")
    if not driving.is_dir():
        check_file(driving, "there is no film", "name a video, a GIF or a folder of frames")
    if target.suffix.lower() in _VIDEOS:
        if driving.suffix.lower() in PHOTOGRAPHS:
            raise UserError(
                f"the driving film comes first and the photograph second; try fet animate "
                f"{shown(target)} {shown(driving)}"
            )
        raise UserError(f"{shown(target)} is a film; the second name is the photograph's to move")
    if there:
        if out.samefile(driving) or out.samefile(target):
            raise UserError(f"the output {name} would overwrite an input; choose another with -o")
        if not force:
            raise UserError(
                f"{name} is there already; choose another with -o, or write over it with --force"
            )
