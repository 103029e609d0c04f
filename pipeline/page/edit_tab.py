"""The tab *edit*: expressions and face units of one photograph, set while one looks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr

from fet_core.errors import UserError
from fet_core.face3d.edit import EXPRESSIONS, both_sides, unit_names
from fet_core.wishes import MAX_INTENSITY

from .desk import Desk
from .parts import Result, degrees, examples, mistake, number, path_of, said, upload

_FACES = (
    "14_Caucasian_female_neutral",
    "08_Caucasian_female_neutral",
    "26_Moroccan_male_neutral",
    "05_Caucasian_male_happy",
)

_GROUPS = {
    "Brows": ("brow",),
    "Eyes": ("eye",),
    "Cheeks and nose": ("cheek", "nose"),
    "Jaw": ("jaw",),
    "Mouth": ("mouth",),
}
"""Headings, and how the names of their units begin."""

_DIRECTIONS = ("jaw", "mouth", "eyeLookIn", "eyeLookOut")
"""What has a left and a right that do not belong together."""

_AS_IT_IS = ""
_MOVED = 0.005
_HINT = "Choose an expression or move a slider."


def unit_sliders() -> list[str]:
    """The units that get a slider, in the model's order; both sides of a face share one."""
    names: dict[str, None] = {}
    for name in unit_names():
        stem = name.removesuffix("Left").removesuffix("Right")
        names[name if stem in _DIRECTIONS else stem] = None
    return list(names)


def at_first(shown: Mapping[str, float]) -> dict[str, float]:
    """Where the sliders stand for a face that shows units (by full names)."""
    stand = {}
    for name in unit_sliders():
        sides = [shown[full] for full in both_sides({name: 0.0})]
        stand[name] = round(sum(sides) / len(sides), 2)
    return stand


def moved(values: Mapping[str, float], first: Mapping[str, float]) -> dict[str, float]:
    """The units whose sliders do not stand where they stood at first."""
    return {
        name: value for name, value in values.items() if abs(value - first.get(name, 0)) > _MOVED
    }


def edit_tab(desk: Desk, faces: Path) -> None:
    """Fill the tab.

    Args:
        desk: makes the pictures.
        faces: the folder of the examples.
    """
    names = unit_sliders()
    first = gr.State({})
    sliders: dict[str, gr.Slider] = {}
    with gr.Row():
        with gr.Column(scale=3):
            photo = upload("Photograph")
            examples(_FACES, faces, photo)
            expression = gr.Radio(
                [("as it is", _AS_IT_IS), *((name, name) for name in EXPRESSIONS)],
                value=_AS_IT_IS,
                label="Expression",
                elem_classes="buttons",
            )
            intensity = gr.Slider(0, MAX_INTENSITY, 1, step=0.05, label="Intensity of it")
            for heading, begins in _GROUPS.items():
                with gr.Accordion(heading, open=heading == "Mouth"), gr.Row():
                    for name in names:
                        if name.startswith(begins):
                            sliders[name] = gr.Slider(
                                0, 1, 0, step=0.01, label=name, min_width=150, buttons=[]
                            )
            with gr.Accordion("A picture with several faces", open=False):
                which = number("Which face, from the left")
            back = gr.Button("All sliders back to what the face shows")
        with gr.Column(scale=2, elem_classes="beside"):
            result = Result()

    def read(photo: str | None, face: int | None) -> list[Any]:
        stand: dict[str, float] = {}
        words = said("The result will be here.")
        if photo is not None:
            try:
                reading = desk.read(Path(photo), face)
                stand = at_first(reading.units)
                yaw, pitch, roll = map(degrees, reading.pose)
                words = said(f"Yaw {yaw}, pitch {pitch}, roll {roll}. {_HINT}")
            except UserError as error:
                words = mistake(error)
        places = [stand.get(name, 0.0) for name in sliders]
        return [stand, *places, *result.nothing(words)]

    def edited(
        photo: str | None,
        face: int | None,
        expression: str,
        intensity: float,
        first: dict[str, float],
        *places: float,
    ) -> list[Any]:
        units = moved(dict(zip(sliders, places, strict=True)), first)
        if photo is not None and not units and expression == _AS_IT_IS:
            return result.nothing(said(_HINT))
        try:
            made = desk.edited(path_of(photo), units, expression or None, intensity, face)
        except UserError as error:
            return result.nothing(mistake(error))
        return result.shown(made)

    def kept(photo: str | None, face: int | None, expression: str, *others: Any) -> list[Any]:
        if photo is None or expression == _AS_IT_IS:
            return [gr.skip() for _ in result.outputs]
        return edited(photo, face, expression, *others)

    given = [photo, which, expression, intensity, first, *sliders.values()]
    gr.on(
        [photo.change, which.input],
        read,
        [photo, which],
        [first, *sliders.values(), *result.outputs],
        trigger_mode="always_last",
        show_progress_on=result.outputs[1],
    ).then(kept, given, result.outputs)
    gr.on(
        [expression.input, intensity.input, *(slider.input for slider in sliders.values())],
        edited,
        given,
        result.outputs,
        trigger_mode="always_last",
        show_progress="hidden",
    )
    back.click(
        lambda first: [first.get(name, 0.0) for name in sliders], first, [*sliders.values()]
    ).then(edited, given, result.outputs)
