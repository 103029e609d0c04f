"""Pictures side by side with captions: sample grids, and the paper's Fig. 3 and 4."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from fet_core.data.dataset import Dataset
from fet_core.data.frames import save_faces
from fet_core.errors import UserError
from fet_core.files import as_json, atomic_path, write_json
from fet_core.measure.methods import Method
from fet_core.measure.triples import Triples

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


_SHOWN = "shown.json"


@torch.no_grad()
def transfer_sheet(
    row: Method, dataset: Dataset, samples: pa.Table, sources: Sequence[int], targets: Sequence[int]
) -> Picture:
    """Fig. 3 and 4: sources along the top, targets down the side, results where they meet.

    Args:
        row: the model.
        dataset: pictures and landmarks.
        samples: their table, for the captions.
        sources: rows of samples along the top.
        targets: rows of samples down the side.
    """

    def rows(numbers: Sequence[int]) -> torch.Tensor:
        return torch.tensor(list(numbers), dtype=torch.int64, device=dataset.device)

    top = [to_picture(one) for one in dataset.bytes(rows(sources))]
    lines: list[list[Picture | None]] = [[None, *top]]
    margins = ["source"]
    for target in targets:
        same = rows([target] * len(sources))
        # Reference and truth are not used by a model that is asked for the transfer protocol alone.
        made = row(Triples(rows(sources), same, same, same), "transfer")
        lines.append([to_picture(dataset.bytes(same[:1])[0]), *(to_picture(one) for one in made)])
        margins.append(f"{samples['split'][target].as_py()} person")
    captions = ["target", *(samples["expression"][number].as_py() for number in sources)]
    return tile(lines, columns=captions, margins=margins)


@torch.no_grad()
def comparison_sheet(
    rows: Mapping[str, Method], dataset: Dataset, triples: Triples, names: Sequence[str]
) -> Picture:
    """One line a triple: source, target, what each row makes in both protocols, truth.

    Args:
        rows: by the name in the table.
        dataset: pictures and landmarks.
        triples: the triples shown.
        names: the expression asked for in each.
    """
    columns = {"source": dataset.bytes(triples.source), "target": dataset.bytes(triples.target)}
    for name, row in rows.items():
        columns[name] = row(triples, "transfer")
        columns[f"{name} (oracle)"] = row(triples, "oracle")
    columns["truth"] = dataset.bytes(triples.truth)
    return column_sheet(columns, margins=names)


def models_sheet(
    dataset: Dataset, triples: Triples, rows: Mapping[str, Picture], names: Sequence[str]
) -> Picture:
    """All models on the same triples: one line a model, one column a triple.

    Args:
        dataset: pictures of all samples.
        triples: the triples shown.
        rows: each model's pictures [P, S, S, C] uint8 of these triples.
        names: the expression asked for in each.
    """
    given = {"source": dataset.bytes(triples.source), "target": dataset.bytes(triples.target)}
    lines = {name: [to_picture(one) for one in batch] for name, batch in given.items()}
    for name, pictures in rows.items():
        lines[name] = [np.repeat(one, 3, 2) if one.shape[2] == 1 else one for one in pictures]
    return tile(list(lines.values()), columns=names, margins=list(lines))


def forget_shown(folder: Path) -> None:
    """Before pictures in a folder change, so that those of an unfinished run count as nobody's."""
    (folder / _SHOWN).unlink(missing_ok=True)


def note_shown(folder: Path, triples: pa.Table, shown: Sequence[int]) -> None:
    """Write down which triples the pictures in a folder are of.

    Args:
        folder: holds a row's pictures.
        triples: all triples, with the schema `fet_core.tables.TRIPLES`.
        shown: positions in them.
    """
    write_json(folder / _SHOWN, _at(triples, shown))


@contextmanager
def keeping(
    folder: Path, triples: pa.Table, shown: Sequence[int]
) -> Iterator[Callable[[str, Picture], None]]:
    """Yield what writes a row's pictures, which appear together and with the note of `note_shown`.

    Until then those that were there before stay, with their note; without a note in between, so
    that pictures never stand beside one of other people.

    Args:
        folder: as for `note_shown`.
        triples: as for `note_shown`.
        shown: as for `note_shown`.
    """
    with ExitStack() as stack:
        note = stack.enter_context(atomic_path(folder / _SHOWN))
        note.write_text(as_json(_at(triples, shown)), encoding="utf-8")

        def keep(row: str, pictures: Picture) -> None:
            temporary = stack.enter_context(atomic_path(folder / f"{row}.npy"))
            save_faces(temporary, pictures)

        yield keep
        forget_shown(folder)


def check_shown(folder: Path, triples: pa.Table, shown: Sequence[int], command: str) -> None:
    """Refuse pictures of other triples than those to be shown: their people may not be shown.

    Args:
        folder: as for `note_shown`.
        triples: as for `note_shown`.
        shown: positions of the triples to be shown now.
        command: what makes the pictures again.

    Raises:
        UserError: the pictures are of other triples, or it is not known of which.
    """
    path = folder / _SHOWN
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UserError(
            f"there is no {path}, which says whom the pictures beside it show; run {command} again"
        ) from error
    except (ValueError, OSError) as error:
        raise UserError(f"{path} is damaged ({error}); run {command} again") from error
    if found != _at(triples, shown):
        raise UserError(
            f"the pictures in {folder} are not of the triples to be shown now ({path.name} says "
            f"of which); run {command} again"
        )


def _at(triples: pa.Table, positions: Sequence[int]) -> list[dict[str, Any]]:
    rows = triples.to_pylist()
    return [rows[position] for position in positions]
