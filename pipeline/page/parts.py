"""What the page's tabs are made of: uploads, a result with its numbers, and sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from fet_core.errors import UserError

from .desk import Made, Reading

_SHOWN, _STRONGEST = 0.1, 8
"""Units weaker than the first are left out of the table, and all but so many of the others."""


def upload(label: str) -> gr.Image:
    """A picture by upload, webcam or paste, handed on as the file that it is."""
    picture = gr.Image(
        label=label,
        type="filepath",
        sources=["upload", "webcam", "clipboard"],
        buttons=["fullscreen"],
        height=260,
    )
    # Gradio itself would decode a picture whatever its size, and answer a broken one with no
    # sentence. A class of one's own it does not know in a browser.
    vars(picture)["preprocess"] = _path
    return picture


def film_upload(label: str) -> gr.Video:
    """A film by upload or webcam, handed on as the file that it is, without sound."""
    film = gr.Video(
        label=label, sources=["upload", "webcam"], include_audio=False, buttons=[], height=300
    )
    # Gradio itself would call ffmpeg, to take the sound out.
    vars(film)["preprocess"] = _path
    return film


def _path(given: Any) -> str | None:
    return None if given is None else str(given.path)


class Result:
    """A picture that was made beside what it was made of, its numbers, and a file to take away."""

    def __init__(self) -> None:
        self._said = gr.HTML(said("The result will be here."))
        self._slider = gr.ImageSlider(
            label="Before and after", interactive=False, buttons=["fullscreen"], max_height=460
        )
        self._file = gr.DownloadButton("Download", interactive=False)
        self._numbers = gr.HTML()

    @property
    def outputs(self) -> list[gr.components.Component]:
        """What `shown` and `nothing` fill."""
        return [self._said, self._slider, self._file, self._numbers]

    def shown(self, made: Made) -> list[Any]:
        """What the outputs are to be for a picture."""
        width, height = made.size
        words = said(f"Made in {made.seconds:.1f} s, {width} × {height} pixels.")
        file = gr.DownloadButton(value=str(made.after), interactive=True)
        return [words, (str(made.before), str(made.after)), file, table(made.faces)]

    def nothing(self, words: str) -> list[Any]:
        """What the outputs are to be where there is no picture."""
        return [words, None, gr.DownloadButton(value=None, interactive=False), ""]


def said(words: str) -> str:
    """A line for the reader, in HTML."""
    return f'<p class="said" role="status">{escape(words)}</p>'


def mistake(error: UserError) -> str:
    """A user's mistake, in HTML."""
    words = str(error)
    return f'<p class="said mistake" role="alert">{escape(words[:1].upper() + words[1:])}.</p>'


def table(faces: Mapping[str, Reading]) -> str:
    """Pose and strongest units of faces, side by side, in HTML."""
    strength = {
        unit: max(face.units[unit] for face in faces.values())
        for unit in next(iter(faces.values())).units
    }
    strong = sorted(
        (unit for unit in strength if strength[unit] >= _SHOWN), key=strength.__getitem__
    )
    rows = [
        (name, [degrees(face.pose[place]) for face in faces.values()])
        for place, name in enumerate(("yaw", "pitch", "roll"))
    ]
    rows += [
        (unit, [f"{face.units[unit]:.2f}" for face in faces.values()])
        for unit in strong[::-1][:_STRONGEST]
    ]
    head = "".join(f'<th scope="col">{name}</th>' for name in faces)
    body = "".join(
        f'<tr><th scope="row">{name}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
        for name, cells in rows
    )
    return f'<table class="numbers"><tr><td></td>{head}</tr>{body}</table>'


def degrees(angle: float) -> str:
    """An angle with its sign, and none of a zero below 0."""
    return f"{round(angle):+d}°"


def number(label: str) -> gr.Number:
    """Which of several faces is meant; None for the only one."""
    # An empty field becomes 0 in the browser as soon as it is seen.
    field = gr.Number(0, label=label, info="0: the only one", precision=0, min_width=120)
    preprocess = field.preprocess
    vars(field)["preprocess"] = lambda given: preprocess(given) or None
    return field


def path_of(given: str | None) -> Path | None:
    """An upload's file."""
    return None if given is None else Path(given)


def examples(names: Sequence[str], faces: Path, picture: gr.Image) -> None:
    """Demo faces to try an upload with, of those that are there.

    Args:
        names: of people and expressions.
        faces: the folder of the demo faces, in RaFD's layout.
        picture: the upload.
    """
    files = [faces.resolve() / f"Rafd090_{name}_frontal.jpg" for name in names]
    there = [[str(file)] for file in files if file.is_file()]
    if there:
        label = "Or one of these, who do not exist"
        gr.Examples(there, [picture], label=label, cache_examples=False)
