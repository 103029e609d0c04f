"""Trials with odd pictures: one alone for a reader, one in two for a transfer, many in a folder."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trials import odd_pictures as odd
from trials import places
from trials.commands import Done, begin, finish, judged, shell
from trials.engine import MIB, REJECTED, RESULT, Kind, Limits, Wrong, note


@dataclass(frozen=True)
class Sound:
    """Sound pictures, and what is made of two of them."""

    pictures: list[NDArray[np.uint8]]
    target: Path
    wanted: dict[str, NDArray[np.uint8]]


def _prepare(folder: Path) -> Sound:
    from fet_core.portrait import open_picture
    from pipeline.probe_inputs import FACES

    paths = sorted(FACES.glob("*.jpg"))
    return Sound([open_picture(path) for path in paths], paths[4], {})


def _trial(sound: Sound, rng: np.random.Generator, folder: Path) -> str:
    from fet_core.errors import UserError
    from fet_core.portrait import open_picture

    base = sound.pictures[rng.integers(len(sound.pictures))]
    one = odd.make(base, rng)
    path = folder / f"picture.{one.suffix}"
    path.write_bytes(one.content)
    way = rng.choice(["open", "read", "transfer", "shell"], p=[0.62, 0.25, 0.1, 0.03])
    note(f"{one.damage} ({way})")
    if _not_regular(path, rng):
        note(f"a {'pipe' if path.is_fifo() else 'link'} for a picture")
        one = odd.Odd(b"", "", refused=True)
    try:
        shown = open_picture(path)
    except UserError:
        shown = None
    if shown is not None:
        _check(one, shown)
        shown = None
    if way == "open":
        return _opened(path)
    if way == "transfer":
        out = folder / "out.png"
        done = finish(begin("transfer", path, sound.target, "-o", out))
        found = judged(done, "fet transfer")
        if found == RESULT:
            _check_made(open_picture(out), open_picture(sound.target))
        return found
    done = (
        shell("read", "--json", path) if way == "shell" else finish(begin("read", "--json", path))
    )
    return _judged_reading(done)


def _not_regular(path: Path, rng: np.random.Generator) -> bool:
    """Now and then something that is no file."""
    if rng.random() > 0.03:
        return False
    import os

    path.unlink()
    if rng.random() < 0.5:
        os.mkfifo(path)
    else:
        path.symlink_to(str(rng.choice(["nowhere", path.name, "/dev/zero", "."])))
    return True


def _opened(path: Path) -> str:
    from fet_core.portrait import open_picture

    open_picture(path)  # its sentence is judged, where it has one
    return RESULT


def _check(one: odd.Odd, shown: NDArray[np.uint8]) -> None:
    if one.refused:
        raise Wrong("silent", f"it was taken for a picture of {list(shown.shape)}")
    if one.wanted is None:
        return
    if shown.ndim == 2:
        shown = np.repeat(shown[:, :, None], 3, axis=2)
    if shown.shape != one.wanted.shape:
        same = sorted(shown.shape) == sorted(one.wanted.shape) and "EXIF" in one.damage
        if not same:
            raise Wrong("silent", f"it came as {list(shown.shape)}, not {list(one.wanted.shape)}")
        return
    if "EXIF" in one.damage:
        turns = [one.wanted[::y, ::x] for y in (1, -1) for x in (1, -1)]
    else:
        turns = [one.wanted]
    apart = min(float(np.abs(shown.astype(np.float32) - turn).mean()) for turn in turns)
    if apart > one.reach:
        raise Wrong("silent", f"its pixels are off by {apart:.2f} on average and nothing was said")


def _check_made(made: NDArray[np.uint8], target: NDArray[np.uint8]) -> None:
    if made.shape != target.shape:
        raise Wrong("silent", f"the result is {list(made.shape)}, not {list(target.shape)}")
    if float(made.std()) < 0.3 * float(target.std()):
        raise Wrong("silent", "the result is flat")
    same = float((made == target).mean())
    if same < 0.2:
        raise Wrong("silent", f"only {same:.0%} of the target's pixels are its own")


def _judged_reading(done: Done) -> str:
    found = judged(done, "fet read")
    for text in done.out.splitlines() if found == RESULT else ():
        said = json.loads(text)
        numbers = [
            *(said[key] for key in ("yaw", "pitch", "roll", "error")),
            *said["units"].values(),
        ]
        if not np.isfinite(np.array(numbers, float)).all():
            raise Wrong("silent", f"it was read as {text[:100]}")
    return found


PICTURES = Kind(
    "pictures",
    "a damaged or odd picture: read, transferred",
    1.0,
    _prepare,
    _trial,
    Limits(90, 1536 * MIB),
)


@dataclass(frozen=True)
class Folder:
    """A raw folder without odd pictures, and what each stage makes of it."""

    place: places.Place
    rows: dict[str, dict[str, object]]


def _prepare_folder(folder: Path) -> Folder:
    place = places.shared(folder)
    out = folder / "sound"
    _stages(place, place.raw, out)
    return Folder(place, _faces(out))


def _stages(place: places.Place, raw: Path, out: Path) -> None:
    for stage in ("ingest", "grayscale", "align", "landmarks", "augment"):
        found = judged(places.run(place, stage, out, out, raw if stage in _OF_RAW else None), stage)
        if found == REJECTED:
            raise Wrong("silent", f"{stage} ends for one bad picture")


_OF_RAW = ("ingest", "grayscale", "align", "landmarks")


def _faces(out: Path) -> dict[str, dict[str, object]]:
    """What is known of each picture, with the pixels of its face."""
    from fet_core import tables

    pixels = np.load(out / "align" / "faces.npy")
    points = {
        row["sample_id"]: (row["points"], row["mean"])
        for row in tables.read(
            out / "landmarks" / "landmarks.parquet", tables.LANDMARKS
        ).to_pylist()
    }
    found = {}
    for row in tables.read(out / "align" / "faces.parquet", tables.FACES).to_pylist():
        place, name = row.pop("row"), row["sample_id"]
        found[name] = row | {"pixels": None if place is None else pixels[place].tobytes()}
        found[name] |= {"landmarks": points.get(name)}
    return found


def _trial_folder(sound: Folder, rng: np.random.Generator, folder: Path) -> str:
    """One bad picture is a row with its reason, and all other rows are as without it."""
    from fet_core.portrait import open_picture

    raw = folder / "raw"
    shutil.copytree(sound.place.raw, raw)
    base = open_picture(sorted(raw.glob("Rafd090_01*neutral*"))[0])
    said, known, kept = [], set(sound.rows), {path.name for path in raw.iterdir()}
    for number in range(int(rng.integers(1, 8))):
        one = odd.make(base, rng)
        if "60000" in one.damage or "13000" in one.damage or "10900" in one.damage:
            continue
        name = f"Rafd090_{40 + number}_Caucasian_male_happy_frontal.{one.suffix}"
        (raw / name).write_bytes(one.content)
        said.append(one.damage)
    late = rng.random() < 0.4
    note("; ".join(said) + ("; one of them damaged after ingest" if late else ""))
    out = folder / "out"
    if late:
        judged(places.run(sound.place, "ingest", out, out, raw), "ingest")
        odd_ones = sorted(path for path in raw.iterdir() if path.name not in kept)
        for path in odd_ones[:1]:
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        for stage in ("grayscale", "align"):
            found = judged(places.run(sound.place, stage, out, out, raw), stage)
            if found == REJECTED:
                return REJECTED
        return RESULT
    _stages(sound.place, raw, out)
    found_rows = _faces(out)
    for name in known:
        if found_rows.get(name) != sound.rows[name]:
            raise Wrong("silent", f"the row of {name} is another one than without odd pictures")
    return RESULT


FOLDERS = Kind(
    "folders",
    "a raw folder with odd pictures in it, from `ingest` to `augment`",
    0.04,
    _prepare_folder,
    _trial_folder,
    Limits(120, 1536 * MIB),
)
