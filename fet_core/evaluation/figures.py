"""Pictures side by side with captions: sample grids and the paper's Fig. 3 and 4."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Picture = NDArray[np.uint8]

_GAP = 4
_CAPTION = 16
_MARGIN = 84


def to_picture(tensor: Tensor) -> Picture:
    """A uint8 tensor [C, H, W] as an array [H, W, 3]."""
    array = tensor.cpu().numpy().transpose(1, 2, 0)
    return np.ascontiguousarray(np.repeat(array, 3, axis=2) if array.shape[2] == 1 else array)


def tile(
    rows: Sequence[Sequence[Picture | None]],
    columns: Sequence[str] = (),
    margins: Sequence[str] = (),
) -> Picture:
    """Pictures in a table on white.

    Args:
        rows: of pictures [S, S, 3] uint8 of one size; None leaves a place empty.
        columns: a caption above each column.
        margins: a caption left of each row.

    Returns:
        [H, W, 3] uint8.
    """
    from PIL import Image, ImageDraw, ImageFont

    size = next(p.shape[0] for row in rows for p in row if p is not None)
    top = _CAPTION if columns else 0
    left = _MARGIN if margins else 0
    step = size + _GAP
    width = left + max(len(row) for row in rows) * step + _GAP
    sheet = Image.new("RGB", (width, top + len(rows) * step + _GAP), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=11)
    for number, text in enumerate(columns):
        middle = (left + _GAP + number * step + size / 2, top / 2 + 2)
        draw.text(middle, text, fill="black", font=font, anchor="mm")
    for y, row in enumerate(rows):
        if margins:
            place = (left - 4, top + _GAP + y * step + size / 2)
            draw.text(place, margins[y], fill="black", font=font, anchor="rm")
        for x, picture in enumerate(row):
            if picture is not None:
                corner = (left + _GAP + x * step, top + _GAP + y * step)
                sheet.paste(Image.fromarray(picture), corner)
    return np.asarray(sheet)


def column_sheet(columns: Mapping[str, Tensor], margins: Sequence[str] = ()) -> Picture:
    """Batches of pictures as captioned columns.

    Args:
        columns: uint8 [B, C, S, S] by caption, all of one B and S.
        margins: a caption left of each row.
    """
    pictures = [[to_picture(one) for one in column] for column in columns.values()]
    return tile(list(zip(*pictures, strict=True)), columns=list(columns), margins=margins)
