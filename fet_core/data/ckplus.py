"""Reader of CK+ and of sets laid out like it: subject/sequence/frame, labels in text files."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fet_core.data.disk import Entry, Folder, Listing, Reject, nfc, open_root, relative, scan

IMAGES = ("cohn-kanade-images", "extended-cohn-kanade-images/cohn-kanade-images")
"""Where the pictures may lie under the root; the zips unpack to different folders."""

EMOTIONS = ("Emotion", "Emotion_labels/Emotion")
"""Where the label files may lie under the root."""

LABELS = (
    "neutral",
    "angry",
    "contemptuous",
    "disgusted",
    "fearful",
    "happy",
    "sad",
    "surprised",
)
"""The vocabulary's word for each of CK+'s numbers 0 to 7."""

EXPECTED = (
    '"cohn-kanade-images/" with subject/sequence/frame such as S005/001/S005_001_00000001.png '
    '(and beside it "Emotion/")'
)

_FRAME = re.compile(r"(?P<prefix>.+)_(?P<frame>[0-9]+)")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MOST_FRAME = 2**31 - 1
_LABEL_BYTES = 4096


class BadLabelError(Exception):
    """A label file says nothing that can be used; the message is the reason."""


@dataclass(frozen=True)
class CKPlus:
    """First frame of a sequence neutral, the last `peak_frames` frames its label, others null."""

    peak_frames: int = 3

    def find(self, root: Path) -> Listing:
        """List all frames under `root`; see `Reader.find`."""
        root = open_root(root, _fits, EXPECTED)
        images = _images(root)
        assert images is not None
        labels, label_files, rejects, notes, strays = _labels(root)
        entries: list[Entry] = []
        sequences = 0
        unlabelled = 0
        single = 0
        others = 0

        subjects = scan(images, root)
        rejects += subjects.rejects + _outside(subjects, root)
        strays += subjects.strays
        others += len(subjects.others)
        for subject in subjects.folders:
            inside = scan(subject, root)
            rejects += inside.rejects + _outside(inside, root)
            strays += inside.strays
            others += len(inside.others)
            for sequence in inside.folders:
                frames = scan(sequence, root)
                rejects += frames.rejects + _too_deep(frames, root)
                strays += frames.strays
                others += len(frames.others)
                key = (nfc(subject.name), nfc(sequence.name))
                numbered = _numbered(frames.pictures, key, root, rejects)
                if not numbered:
                    continue
                label = labels.pop(key, None)
                sequences += 1
                unlabelled += label is None
                single += len(numbered) == 1
                entries += self._entries(numbered, key, label, root)

        if unlabelled:
            notes.append(f"{unlabelled} of {sequences} sequences have no (good) emotion file")
        if single:
            notes.append(f"{single} sequences have a single frame, which is taken for neutral")
        if labels:
            subject_name, sequence_name = next(iter(labels))
            notes.append(
                f"{len(labels)} emotion files belong to no sequence of pictures, "
                f"e.g. that of {subject_name}/{sequence_name}"
            )
        if others:
            notes.append(f"{others} files among the pictures are no pictures and were passed over")
        return Listing(tuple(entries), tuple(rejects), tuple(notes), sequences, label_files, strays)

    def _entries(
        self, numbered: dict[int, Path], key: tuple[str, str], label: str | None, root: Path
    ) -> Iterable[Entry]:
        frames = sorted(numbered)
        peak = set(frames[1:][-self.peak_frames :])
        for frame in frames:
            expression = "neutral" if frame == frames[0] else label if frame in peak else None
            yield Entry(
                sample_id=f"{key[0]}_{key[1]}_{frame:08d}",
                path=relative(numbered[frame], root),
                subject=key[0],
                sequence=key[1],
                frame=frame,
                expression=expression,
                gaze="frontal",
                camera="090",
            )


def read_label(path: Path) -> str:
    """Read an emotion file: one whole number from 0 to 7, as in `   3.0000000e+00`.

    Raises:
        BadLabelError: the file holds anything else; the message says what.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LABEL_BYTES)
    except OSError as error:
        raise BadLabelError(f"the emotion file cannot be opened: {error.strerror}") from error
    try:
        words = data.decode("utf-8-sig").split()
    except UnicodeDecodeError as error:
        raise BadLabelError("the emotion file is not text in UTF-8") from error
    if not words:
        raise BadLabelError("the emotion file is empty")
    if len(words) > 1:
        raise BadLabelError(f"the emotion file holds more than one number: {_short(words)}")
    number = float(words[0]) if _NUMBER.fullmatch(words[0]) else math.nan
    if math.isnan(number):
        raise BadLabelError(f"the emotion file does not hold a number: {_short(words)}")
    if number not in range(len(LABELS)):
        raise BadLabelError(
            f"the emotion is not a whole number from 0 to {len(LABELS) - 1}: {_short(words)}"
        )
    return LABELS[int(number)]


def _short(words: list[str]) -> str:
    text = " ".join(words)
    return text if len(text) <= 40 else text[:40] + "…"


def _images(root: Path) -> Path | None:
    """The folder of subjects: the first that holds a picture at the third level."""
    for name in IMAGES:
        folder = root / name
        for subject in scan(folder, root).folders:
            for sequence in scan(subject, root).folders:
                if scan(sequence, root).pictures:
                    return folder
    return None


def _emotions(root: Path) -> Path | None:
    return next((root / name for name in EMOTIONS if (root / name).is_dir()), None)


def _fits(root: Path) -> bool:
    if _images(root) is None:
        return False
    if _emotions(root) is not None:
        return True
    # Given the inner folder of the pictures' zip, the labels lie beside it, one level up.
    outer = root.parent
    return not (root.name == Path(IMAGES[1]).parts[0] and _emotions(outer) is not None)


def _labels(
    root: Path,
) -> tuple[dict[tuple[str, str], str], int, list[Reject], list[str], int]:
    """All good labels by (subject, sequence); files found, rejects, notes, strays."""
    emotions = _emotions(root)
    if emotions is None:
        return {}, 0, [], ['there is no folder "Emotion": only first frames are labelled'], 0
    found: dict[tuple[str, str], list[tuple[Path, str]]] = defaultdict(list)
    rejects: list[Reject] = []
    files = 0
    subjects = scan(emotions, root)
    rejects += subjects.rejects
    strays = subjects.strays
    for subject in subjects.folders:
        sequences = scan(subject, root)
        rejects += sequences.rejects
        strays += sequences.strays
        for sequence in sequences.folders:
            inside = scan(sequence, root)
            rejects += inside.rejects
            strays += inside.strays
            for path in inside.others:
                if path.suffix.lower() != ".txt":
                    strays += 1
                    continue
                files += 1
                try:
                    found[nfc(subject.name), nfc(sequence.name)].append((path, read_label(path)))
                except BadLabelError as error:
                    rejects.append(Reject(relative(path, root), str(error)))
    labels: dict[tuple[str, str], str] = {}
    for key, read in found.items():
        words = {word for _, word in read}
        if len(words) == 1:
            labels[key] = words.pop()
        elif words:
            reason = f"the emotion files of the sequence disagree: {', '.join(sorted(words))}"
            rejects += [Reject(relative(path, root), reason) for path, _ in read]
    return labels, files, rejects, [], strays


def _numbered(
    pictures: list[Path], key: tuple[str, str], root: Path, rejects: list[Reject]
) -> dict[int, Path]:
    """Frame number -> picture; names that do not fit are added to `rejects`."""
    wanted = "_".join(key)
    numbered: dict[int, Path] = {}
    for path in pictures:
        match = _FRAME.fullmatch(nfc(path.stem))
        if match is None or int(match["frame"]) > _MOST_FRAME:
            reason = f"the name does not end in a frame number: expected {wanted}_00000001"
        elif match["prefix"] != wanted:
            reason = (
                "the name does not begin with the folders of its subject and sequence: "
                f"expected {wanted}_"
            )
        elif int(match["frame"]) in numbered:
            other = relative(numbered[int(match["frame"])], root)
            reason = f"the same frame is there twice: the other is {other}"
        else:
            numbered[int(match["frame"])] = path
            continue
        rejects.append(Reject(relative(path, root), reason))
    return numbered


def _outside(folder: Folder, root: Path) -> list[Reject]:
    reason = "the picture does not lie in subject/sequence/"
    return [Reject(relative(path, root), reason) for path in folder.pictures]


def _too_deep(folder: Folder, root: Path) -> list[Reject]:
    """A folder inside a sequence is named once; what it holds is not looked for."""
    reason = "a folder inside a sequence is not read"
    return [Reject(relative(path, root), reason) for path in folder.folders]
