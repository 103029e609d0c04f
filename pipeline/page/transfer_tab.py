"""The tab *transfer*: one photograph's expression on another's face."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from fet_core.errors import UserError
from fet_core.face3d.painter import MOUTHS
from fet_core.wishes import MAX_INTENSITY

from .desk import Desk
from .parts import Result, examples, mistake, number, path_of, upload

_SOURCES = (
    "27_Caucasian_female_surprised",
    "05_Caucasian_male_happy",
    "28_Caucasian_male_angry",
    "41_Caucasian_female_happy",
)
TARGETS = (
    "14_Caucasian_female_neutral",
    "08_Caucasian_female_neutral",
    "26_Moroccan_male_neutral",
    "38_Caucasian_female_neutral",
)

_MOUTHS = {
    "auto": "the source's, or rendered",
    "source": "the source's only",
    "bank": "rendered only",
    "target": "nobody's",
}


def transfer_tab(desk: Desk, faces: Path) -> None:
    """Fill the tab.

    Args:
        desk: makes the pictures.
        faces: the folder of the examples.
    """
    with gr.Row():
        with gr.Column(scale=3):
            with gr.Row():
                with gr.Column(min_width=240):
                    source = upload("Source: the expression")
                    examples(_SOURCES, faces, source)
                with gr.Column(min_width=240):
                    target = upload("Target: the face")
                    examples(TARGETS, faces, target)
            intensity = gr.Slider(
                0,
                MAX_INTENSITY,
                1,
                step=0.05,
                label="Intensity",
                info="0 is the target's own expression, 1 the source's, 2 goes twice as far",
            )
            go = gr.Button("Transfer", variant="primary")
            with gr.Accordion("Teeth, and pictures with several faces", open=False):
                mouth = gr.Radio(
                    [(_MOUTHS[name], name) for name in MOUTHS],
                    value="auto",
                    label="Whose teeth are seen where the target shows none",
                )
                with gr.Row():
                    which = [
                        number(f"Which face of the {role}, from the left")
                        for role in ("source", "target")
                    ]
        with gr.Column(scale=2, elem_classes="beside"):
            result = Result()

    def transferred(
        source: str | None,
        target: str | None,
        intensity: float,
        mouth: str,
        source_face: int | None,
        target_face: int | None,
    ) -> list[Any]:
        try:
            made = desk.transferred(
                path_of(source), path_of(target), intensity, source_face, target_face, mouth
            )
        except UserError as error:
            return result.nothing(mistake(error))
        return result.shown(made)

    gr.on(
        [go.click, intensity.release, mouth.input],
        transferred,
        [source, target, intensity, mouth, *which],
        result.outputs,
        trigger_mode="always_last",
        show_progress_on=result.outputs[1],
    )
