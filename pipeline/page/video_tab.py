"""The tab *video*: a photograph that does what a face in a film does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from fet_core.animation import Settings
from fet_core.errors import UserError
from fet_core.face3d.painter import MOUTHS
from fet_core.wishes import MAX_INTENSITY

from .desk import Desk
from .films import SIZE, Filmed, LeftOffError
from .parts import examples, film_upload, mistake, number, path_of, said, upload
from .transfer_tab import TARGETS

_MOUTHS = {
    "auto": "the film's, or rendered",
    "source": "the film's only",
    "bank": "rendered only",
    "target": "nobody's",
}
_DOING = {"reading": "Reading the faces", "painting": "Painting"}
_HINT = "The film will be here."
_STOPPED = "Stopped."


def video_tab(desk: Desk, faces: Path) -> None:
    """Fill the tab.

    Args:
        desk: makes the films.
        faces: the folder of the examples.
    """
    with gr.Row():
        with gr.Column(scale=3):
            with gr.Row():
                with gr.Column(min_width=240):
                    driving = film_upload("Film: what the face does")
                with gr.Column(min_width=240):
                    photo = upload("Photograph: the face")
                    examples(TARGETS, faces, photo)
            relative = gr.Radio(
                [("its own", True), ("the film's", False)],
                value=True,
                label="Expression of the photograph where the face in the film is at rest",
            )
            intensity = gr.Slider(0, MAX_INTENSITY, 1, step=0.05, label="Intensity")
            with gr.Row():
                go = gr.Button("Animate", variant="primary")
                stop = gr.Button("Stop")
            with gr.Accordion("Rest, teeth, several faces, comparison", open=False):
                first = gr.Radio(
                    [("where it is calmest", False), ("in the first picture", True)],
                    value=False,
                    label="Where the face in the film is at rest",
                )
                mouth = gr.Radio(
                    [(_MOUTHS[name], name) for name in MOUTHS],
                    value="auto",
                    label="Whose teeth are seen where the photograph shows none",
                )
                with gr.Row():
                    which = [
                        number(f"Which face of the {role}, from the left")
                        for role in ("film", "photograph")
                    ]
                compare = gr.Checkbox(label="Show the film beside the result")
        with gr.Column(scale=2, elem_classes="beside"):
            words = gr.HTML(said(_HINT))
            film = gr.Video(
                label="Result", interactive=False, buttons=[], loop=True, height=460, autoplay=True
            )
            file = gr.DownloadButton("Download", interactive=False)

    def nothing(told: str) -> list[Any]:
        return [told, None, gr.DownloadButton(value=None, interactive=False)]

    def animated(
        driving: str | None,
        photo: str | None,
        intensity: float,
        relative: bool,
        first: bool,
        mouth: str,
        driving_face: int | None,
        face: int | None,
        compare: bool,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),
    ) -> list[Any]:
        def tell(what: str, count: int, total: int) -> None:
            progress((count, total or None), desc=_DOING.get(what, what), unit="pictures")

        how = Settings(intensity, relative, first, driving_face, face, mouth, SIZE)
        who = str(request.session_hash)
        try:
            made = desk.animated(who, path_of(driving), path_of(photo), how, compare, tell)
        except UserError as error:
            return nothing(mistake(error))
        except LeftOffError:
            return nothing(said(_STOPPED))
        path = str(made.path)
        return [said(_told(made)), path, gr.DownloadButton(value=path, interactive=True)]

    def stopped(request: gr.Request) -> list[Any]:
        if desk.films.leave_off(str(request.session_hash)):
            return nothing(said(_STOPPED))
        return [gr.skip() for _ in outputs]

    outputs = [words, film, file]
    going = go.click(
        animated,
        [driving, photo, intensity, relative, first, mouth, *which, compare],
        outputs,
        concurrency_limit=1,
        show_progress_on=film,
    )
    stop.click(stopped, None, outputs, cancels=[going], queue=False, show_progress="hidden")


def _told(made: Filmed) -> str:
    """What is to be said of a film."""
    width, height = made.size
    told = [f"Made in {made.seconds:.1f} s: {made.count} pictures of {width} × {height} pixels."]
    told.append(f"At rest: the film's face at {made.rest:.2f} s.")
    if made.faceless:
        told.append(f"Without a face: {made.faceless}, at which the result stands still.")
    if made.damaged:
        told.append(f"The film is damaged ({made.damaged}); the result ends where it does.")
    return " ".join(told)
