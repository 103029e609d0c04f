"""A whole photograph with the expression of another one: FET+ for users of the library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from fet_core.data.pictures import describe, read_picture
from fet_core.errors import UserError
from fet_core.face3d.edit import both_sides
from fet_core.face3d.face import Face, shape_of
from fet_core.face3d.shape import Shapes
from fet_core.face3d.way import InSpace
from fet_core.files import check_file
from fet_core.geometry.eye import AUTO, Eye, choose_eye, portrait_eye
from fet_core.portrait_faces import find_face, read_all
from fet_core.wishes import check_intensity, check_mouth

Picture = NDArray[np.uint8]
"""[H, W] grey or [H, W, 3] RGB, 0 to 255."""


class Way(Protocol):
    """How a face gets another one's expression."""

    def __call__(self, source: Face, target: Face, intensity: float, mouth: str) -> Picture:
        """The target's whole picture with the source's expression.

        Args:
            source: whose expression to take.
            target: whose face to change.
            intensity: 0 to 2.
            mouth: of `fet_core.face3d.painter.MOUTHS`.

        Raises:
            UserError: one of the faces cannot be used.
        """
        ...


class Transfer:
    """Gives the face in one photograph the expression of the face in another.

    Both faces are fitted with a model in space, so that neither has to look into the camera; the
    target's own pixels are moved, and the inside of a mouth that it does not show comes from the
    source. With a `model` of `fet export` its two networks do that instead, in the plane.

    Model and detector are loaded once. Threads may share it; they take turns.

    Args:
        model: a file that `fet export` has written; None needs none.
        device: of such a model: auto, cpu or cuda; auto takes a GPU where there is one.
        eye: who reads the faces: "dlib", whose weights are not for commercial use; "mesh", which is
            free for any use; or "auto", dlib where it is installed.

    Raises:
        UserError: the model, the device or the eye cannot be used.
    """

    def __init__(
        self, model: str | Path | None = None, device: str = "auto", eye: str = "auto"
    ) -> None:
        self._way: Way
        self._turn = Lock()
        if model is None:
            if device not in ("auto", "cpu"):
                raise UserError(
                    f'the device "{device}" is of no use without a model; leave it out (--device), '
                    "or name a file of `fet export` (--model)"
                )
            self._eye = portrait_eye(eye)
            self._way = InSpace(self._eye)
        else:
            from fet_core.portrait_plus import Trained

            choose_eye(eye)
            trained = Trained(Path(model), device)
            if eye not in (AUTO, trained.eye):
                raise UserError(
                    f'the model {model} knows the points of the eye "{trained.eye}" alone; leave '
                    f'"{eye}" (--eye) or the model out'
                )
            self._eye, self._way = Eye(trained.eye, trained.readings), trained

    def __call__(
        self,
        source: str | Path | Picture | Face,
        target: str | Path | Picture | Face,
        intensity: float = 1.0,
        source_face: int | None = None,
        target_face: int | None = None,
        mouth: str = "auto",
    ) -> Picture:
        """The target's photograph with the source's expression.

        Args:
            source: whose expression to take, a file or uint8 [H, W] or [H, W, 3] RGB, 0 to 255,
                or what `find` or `faces` has found in it.
            target: whose face to change, as `source`.
            intensity: 0 keeps the target's expression, 1 takes the source's, up to 2 exaggerates.
            source_face: which of several faces to take, 1 being the leftmost; None: the only one.
            target_face: the same for the target.
            mouth: whose teeth are seen where the target shows none: "source"; "bank", rendered
                ones; "target", none, its lips are drawn apart; or "auto", the source's or rendered
                ones where it shows none either.

        Returns:
            uint8 of the target's shape; its own pixels wherever they are not near the face, and
            everywhere if the intensity is 0 or source and target are the same face of one picture.

        Raises:
            UserError: a picture cannot be used, or has no face or more than one and none is chosen,
                or the intensity is not from 0 to 2, or there is no such mouth.
        """
        self.check(intensity, mouth)
        with self._turn:
            wanted_from = self._find(source, "source", source_face)
            face = self._find(target, "target", target_face)
            if intensity == 0 or _same(wanted_from, face):
                return face.picture.copy()
            return self._way(wanted_from, face, intensity, mouth)

    def all_faces(
        self,
        source: str | Path | Picture | Face,
        target: str | Path | Picture,
        intensity: float = 1.0,
        source_face: int | None = None,
        mouth: str = "auto",
    ) -> tuple[Picture, list[str]]:
        """The target's photograph with the source's expression on every face; as a call.

        Returns:
            uint8 of the target's shape, and a sentence for each face that stays as it was because
            it cannot be changed.

        Raises:
            UserError: as a call; or no face of the target can be changed.
        """
        self.check(intensity, mouth)
        wanted_from, faces = self.find(source, source_face), self.faces(target)
        made, left = faces[0].picture.copy(), []
        for face in faces:
            if not _same(wanted_from, face):
                one = replace(face, picture=made)
                try:
                    made = self(wanted_from, one, intensity, mouth=mouth)
                except UserError as error:
                    left.append(str(error))
        if len(left) == len(faces):
            raise UserError(left[0])
        return made, left

    def find(self, photo: str | Path | Picture | Face, number: int | None = None) -> Face:
        """One face of a photograph, by its number from left to right, to be the source of many."""
        with self._turn:
            return self._find(photo, "source", number)

    def faces(self, photo: str | Path | Picture) -> list[Face]:
        """All faces of a photograph, from left to right; `UserError` where there is none."""
        picture = open_picture(photo)
        with self._turn:
            return read_all(self._eye, picture, _name(photo, "photo"))

    def edit(
        self,
        photo: str | Path | Picture,
        units: Mapping[str, float] | None = None,
        expression: str | None = None,
        intensity: float = 1.0,
        face: int | None = None,
    ) -> Picture:
        """A photograph whose face does what is said; no other photograph is needed.

        Args:
            photo: a file or uint8 [H, W] or [H, W, 3] RGB, 0 to 255.
            units: value from 0 to 1 of each face unit that is to be set, by ARKit's names
                (`fet_core.face3d.edit.unit_names`); one without its side, as mouthSmile, sets both.
                The others stay as they are.
            expression: one of `fet_core.face3d.edit.EXPRESSIONS`, which comes before the units.
            intensity: of the expression; 0 leaves the face as it is, up to 2 exaggerates.
            face: which of several faces to change, 1 being the leftmost; None: the only one.

        Returns:
            uint8 of the photo's shape.

        Raises:
            UserError: as a call; or there is no such unit or expression, or nothing is asked for,
                or the intensity of no expression, or this `Transfer` has a model, which cannot.
        """
        if not isinstance(self._way, InSpace):
            raise UserError("a model of `fet export` cannot edit; leave it out")
        if not units and expression is None:
            raise UserError("nothing is to be changed; set a unit or name an expression")
        check_intensity(intensity)
        if expression is None and intensity != 1:
            raise UserError("the intensity is an expression's; name one, or set the units' values")
        named = both_sides(units or {})
        with self._turn:
            found = self._find(photo, "photo", face)
            return self._way.edit(found, named, expression, intensity)

    def read(self, photo: str | Path | Picture, face: int | None = None) -> Shapes:
        """Where the face in a photograph looks and what it does, of one face.

        Args:
            photo: a file or uint8 [H, W] or [H, W, 3] RGB, 0 to 255.
            face: which of several faces to read, 1 being the leftmost; None: the only one.

        Raises:
            UserError: as a call.
        """
        with self._turn:
            return shape_of(self._find(photo, "photo", face))

    def check(self, intensity: float, mouth: str) -> None:
        """See to it that a call can be had with these, before many are made.

        Raises:
            UserError: the intensity is not from 0 to 2, or there is no such mouth.
        """
        check_intensity(intensity)
        check_mouth(mouth)
        if mouth != "auto" and not isinstance(self._way, InSpace):
            raise UserError(
                "a model of `fet export` takes the source's mouth or paints it; leave mouth out"
            )

    def _find(self, given: str | Path | Picture | Face, role: str, number: int | None) -> Face:
        if isinstance(given, Face):
            if given.eye != self._eye.name:
                raise UserError(
                    f'the face in {given.name} was read by the eye "{given.eye}"; find it with '
                    f'this Transfer, whose eye is "{self._eye.name}"'
                )
            return given
        return find_face(self._eye, open_picture(given), role, number, _name(given, role))


def open_picture(given: str | Path | Picture) -> Picture:
    """A picture as it is or from a file, upright; grey stays grey, transparency lies over white.

    Args:
        given: a file, or uint8 [H, W] or [H, W, 3] RGB, 0 to 255.

    Raises:
        UserError: there is no such picture, or it cannot be used.
    """
    if not isinstance(given, np.ndarray):
        path = Path(given)
        check_file(path, "there is no picture", "name a PNG or JPEG file")
        return read_picture(path, describe(path).channels)
    grey, rgb = given.ndim == 2, given.ndim == 3 and given.shape[2] == 3
    if given.dtype != np.uint8 or not (grey or rgb) or given.size == 0:
        raise UserError(
            f"a picture is {given.dtype} {list(given.shape)}; "
            "give uint8 [H, W] or [H, W, 3] with values 0 to 255"
        )
    return np.ascontiguousarray(given)


def beside(pictures: Sequence[Picture]) -> Picture:
    """Pictures in a row, all as high as the last, in colour if any of them is.

    Args:
        pictures: each [H, W] or [H, W, 3] uint8.
    """
    height = len(pictures[-1])
    colour = any(picture.ndim == 3 for picture in pictures)
    row = []
    for picture in pictures:
        if len(picture) != height:
            width = max(round(picture.shape[1] * height / len(picture)), 1)
            way = cv2.INTER_AREA if len(picture) > height else cv2.INTER_CUBIC
            picture = np.asarray(cv2.resize(picture, (width, height), interpolation=way), np.uint8)
        if colour and picture.ndim == 2:
            picture = np.repeat(picture[:, :, None], 3, axis=2)
        row.append(picture)
    return np.concatenate(row, axis=1)


def _name(given: str | Path | Picture, role: str) -> str:
    return f"the {role}" if isinstance(given, np.ndarray) else str(given)


def _same(one: Face, other: Face) -> bool:
    """Whether two faces are one, in pictures of the same pixels."""
    return np.array_equal(one.picture, other.picture) and np.array_equal(one.points, other.points)
