"""`fet transfer` with several targets and with several faces: what is written, and what is said."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from test_portrait import HAPPY, NEUTRAL, OTHER, write_model

from fet_core.data.mark import SOURCE_TYPE, origin
from pipeline.cli import main

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def model(face: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "plus.safetensors", face)


@pytest.fixture
def fet(
    model: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """Runs `fet transfer source.png … --model …` above the pictures' folder.

    Gives its exit code, what it says, and its errors without the progress.
    """
    monkeypatch.chdir(pictures.parent)

    def call(*arguments: str | Path, source: str = "source.png") -> tuple[int, str, str]:
        words = [source, *map(str, arguments), "--model", str(model), "--device", "cpu"]
        monkeypatch.setattr(sys, "argv", ["fet", "transfer", *words])
        with pytest.raises(SystemExit) as stopped:
            main()
        code = stopped.value.code
        assert isinstance(code, int)
        out, error = capsys.readouterr()
        lines = error.splitlines(keepends=True)
        return code, out, "".join(line for line in lines if not line.startswith("transferring: "))

    return call


@pytest.fixture
def complaint(fet: Call, pictures: Path) -> Callable[..., str]:
    """The one sentence with which a call ends; nothing is written, no folder either."""

    def call(*arguments: str | Path, source: str = "source.png") -> str:
        before = sorted(pictures.parent.rglob("*"))
        code, out, error = fet(*arguments, source=source)
        assert (code, out) == (2, "")
        assert error.startswith("fet: ")
        assert error.count("\n") == 1
        assert sorted(pictures.parent.rglob("*")) == before
        return error

    return call


@pytest.fixture
def pictures(repository: Path, tmp_path: Path) -> Path:
    """A folder with two photographs of one face, and beside it a source and a picture of three."""
    pytest.importorskip("dlib", reason="dlib is not installed")
    folder = tmp_path / "photos"
    folder.mkdir()
    three = [np.array(Image.open(repository / name)) for name in (NEUTRAL, OTHER, HAPPY)]
    Image.fromarray(three[2]).save(tmp_path / "source.png")
    Image.fromarray(three[0]).save(folder / "man.png")
    Image.fromarray(three[1]).save(folder / "woman.jpg", quality=95)
    Image.fromarray(np.concatenate(three, axis=1)).save(tmp_path / "three.png")
    return folder


@pytest.mark.parametrize("words", [["photos"], ["photos/*"], ["photos/man.png", "photos/w*.jp[g]"]])
def test_files_folders_and_patterns(words: list[str], fet: Call, pictures: Path) -> None:
    (pictures / "notes.txt").write_text("no picture", encoding="utf-8")
    (pictures / "._man.png").write_bytes(b"what a Mac leaves beside a picture")
    (pictures / "older").mkdir()
    code, out, error = fet(*words, "-o", "made")
    assert (code, error) == (0, "")
    assert out.splitlines() == [
        f"made/{name}: photos/{name} with the expression of source.png"
        for name in ("man.png", "woman.jpg")
    ]
    made = pictures.parent / "made"
    assert sorted(path.name for path in made.iterdir()) == ["man.png", "woman.jpg"]
    alone = pictures.parent / "alone.png"
    assert fet("photos/man.png", "-o", alone)[0] == 0
    assert (made / "man.png").read_bytes() == alone.read_bytes()


def test_a_pattern_of_one_is_several_and_a_file_called_as_one_is_not(
    fet: Call, pictures: Path
) -> None:
    assert fet("photos/*.png", "-o", "made")[0] == 0
    assert [path.name for path in (pictures.parent / "made").iterdir()] == ["man.png"]
    (pictures / "man.png").rename(pictures / "man[1].png")
    assert fet("photos/man[1].png", "-o", "alone.png")[0] == 0


def test_names_that_meet_and_formats_that_are_not_written(fet: Call, pictures: Path) -> None:
    other = pictures.parent / "other"
    other.mkdir()
    with Image.open(pictures / "man.png") as man:
        for name in ("man.png", "MAN.png", "man.bmp"):
            man.save(other / name)
    (other / "again.png").symlink_to(pictures / "man.png")
    code, out, _ = fet(
        "photos/man.png", "other", "photos/man.png", "-o", "made", "--intensity", "0"
    )
    assert code == 0
    assert [line.split(" with ")[0] for line in out.splitlines()] == [
        "made/man.png: photos/man.png",
        "made/MAN-2.png: other/MAN.png",
        "made/man-3.png: other/man.bmp",
        "made/man-4.png: other/man.png",
    ]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_bad_pictures_are_lines_at_the_end(jobs: str, fet: Call, pictures: Path) -> None:
    (pictures / "broken.jpg").write_bytes(b"\xff\xd8 and no more")
    Image.new("RGB", (200, 100)).save(pictures / "empty.png")
    (pictures.parent / "three.png").rename(pictures / "three.png")
    code, out, error = fet("photos", "-o", "made", "--jobs", jobs)
    assert code == 2
    assert [line.split(":")[0] for line in out.splitlines()] == ["made/man.png", "made/woman.jpg"]
    lines = error.splitlines()
    assert [line[:40] for line in lines] == [
        "fet: the picture photos/broken.jpg canno",
        "fet: no face was found in photos/empty.p",
        "fet: 3 faces were found in photos/three.",
        "fet: 3 of 5 pictures failed",
    ]
    assert "--all-faces changes all" in lines[2]
    made = pictures.parent / "made"
    assert sorted(path.name for path in made.iterdir()) == ["man.png", "woman.jpg"]


def test_a_fault_of_the_program_ends_no_other_picture(
    fet: Call, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline import transfer

    write = transfer.write_made

    def faulty(out: Path, made: np.ndarray, target: Path, by: Any) -> None:
        if target.name == "man.png":
            raise IndexError("out of bounds")
        write(out, made, target, by)

    monkeypatch.setattr(transfer, "write_made", faulty)
    code, out, error = fet("photos", "-o", "made")
    assert code == 2
    assert out.startswith("made/woman.jpg: ")
    assert "photos/man.png met a fault of the program (IndexError: out of bounds)" in error
    assert error.endswith("fet: 1 of 2 pictures failed\n")


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_table_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    from fet_core.errors import UserError
    from pipeline.several import end

    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("COLUMNS", "60")
    with pytest.raises(UserError, match=r"^1 of 3 pictures failed$"):
        end([(Path("a[b].png"), "the sentence")], 3)
    shown = sys.stderr.getvalue()
    assert "why it failed" in shown
    assert "│ a[b].png │ the sentence" in shown
    end([], 3)
    assert sys.stderr.getvalue() == shown


def test_results_that_are_there_already(
    fet: Call, complaint: Callable[..., str], pictures: Path
) -> None:
    made = pictures.parent / "made"
    made.mkdir()
    assert fet("photos", "-o", "made", "--intensity", "0")[0] == 0
    before = {path: path.read_bytes() for path in made.iterdir()}
    error = complaint("photos", "-o", "made")
    assert "made/man.png is there already, and 1 more; choose another folder" in error
    assert {path: path.read_bytes() for path in made.iterdir()} == before
    assert fet("photos", "-o", "made", "--force")[0] == 0
    assert all(path.read_bytes() != content for path, content in before.items())


def test_no_input_is_overwritten_whatever_is_said(
    complaint: Callable[..., str], pictures: Path
) -> None:
    before = {path: path.read_bytes() for path in pictures.parent.rglob("*.*")}
    error = complaint("photos", "-o", "photos", "--force")
    assert "a result would overwrite the picture photos/man.png; choose another folder" in error
    (pictures.parent / "made").mkdir()
    (pictures.parent / "made/man.png").hardlink_to(pictures.parent / "source.png")
    error = complaint("photos", "-o", "made", "--force")
    assert "would overwrite the picture made/man.png" in error
    (pictures.parent / "link").symlink_to(pictures)
    assert "would overwrite" in complaint("photos", "-o", "link", "--force")
    assert all(path.read_bytes() == content for path, content in before.items())


def test_folders_that_cannot_be(complaint: Callable[..., str], pictures: Path) -> None:
    assert "there is no folder" in complaint("photos", "-o", "none/made")
    assert "new.png is called as a picture" in complaint("photos", "-o", "new.png")
    assert "three.png is a file, not a folder" in complaint("photos", "-o", "three.png")
    (pictures.parent / "made/man.png").mkdir(parents=True)
    assert "made/man.png is a folder" in complaint("photos", "-o", "made", "--force")


def test_what_leads_to_no_picture(complaint: Callable[..., str], pictures: Path) -> None:
    (pictures.parent / "nothing").mkdir()
    (pictures.parent / "nothing/notes.txt").touch()
    error = complaint("photos", "nothing", "-o", "made")
    assert "there is no picture in the folder nothing" in error
    error = complaint("photos/*.gif", "-o", "made")
    assert "there is no picture that is called as photos/*.gif" in error
    assert "no picture photos/no.png" in complaint("photos/no.png", "photos", "-o", "made")
    assert "no picture no.png" in complaint("photos", "-o", "made", source="no.png")


def test_what_no_target_could_do_with_is_said_once(
    complaint: Callable[..., str], pictures: Path
) -> None:
    Image.new("RGB", (200, 100)).save(pictures.parent / "empty.png")
    words = ("photos", "-o", "made")
    assert "choose one from 0" in complaint(*words, "--intensity", "3")
    assert 'there is no mouth "x"' in complaint(*words, "--mouth", "x")
    assert "no face was found in empty.png" in complaint(*words, source="empty.png")
    error = complaint(*words, source="three.png")
    assert "--source-face" in error
    assert "with a single target, --faces FACES.png writes it numbered" in error
    assert "the faces of one target" in complaint(*words, "--faces", "faces.png")


def test_beside_each_other_and_marked(fet: Call, pictures: Path) -> None:
    code, out, _ = fet("photos", "-o", "made", "--compare")
    assert code == 0
    assert out.startswith("made/man.png: source.png, photos/man.png and the result side by side\n")
    for path in (pictures.parent / "made").iterdir():
        assert Image.open(path).size == (3 * 340, 512)
        assert origin(path).source_type == SOURCE_TYPE


def test_several_faces_are_numbered_where_it_is_asked_for(
    fet: Call, complaint: Callable[..., str], pictures: Path
) -> None:
    top = pictures.parent
    assert "--faces FACES.png writes it numbered" in complaint("three.png", "-o", "out.png")
    code, out, error = fet("three.png", "-o", "out.png", "--faces", "faces.png")
    assert (code, out) == (2, "")
    assert error.endswith("; faces.png shows their numbers\n")
    assert not (top / "out.png").exists()
    three, faces = (np.array(Image.open(top / name)) for name in ("three.png", "faces.png"))
    changed = (three != faces).any(axis=2)
    assert all(changed[:, 340 * n : 340 * (n + 1)].any() for n in range(3))
    assert changed.mean() < 0.15
    assert origin(top / "faces.png").program is None

    # The source, where it is that one whose face is to be chosen.
    assert "faces.png is there already" in complaint(
        "photos/man.png", "-o", "o.png", "--faces", "faces.png"
    )
    code, _, error = fet("photos/man.png", "-o", "o.png", "--faces", "s.jpg", source="three.png")
    assert code == 2
    assert "--source-face" in error
    assert Image.open(top / "s.jpg").size == (1020, 512)
    code, _, error = fet("three.png", "-o", "o.png", "--faces", "n.png", "--target-face", "4")
    assert "no face 4 among the 3" in error
    assert (top / "n.png").read_bytes() == (top / "faces.png").read_bytes()

    # Where one is chosen the result is written too.
    words = ("three.png", "-o", "out.png", "--faces", "faces.png", "--force")
    assert fet(*words, "--target-face", "2")[0] == 0
    assert (top / "n.png").read_bytes() == (top / "faces.png").read_bytes()
    made = np.array(Image.open(top / "out.png"))
    assert (made[:, :310] == three[:, :310]).all()
    assert (made[:, 340:680] != three[:, 340:680]).any()


def test_pictures_of_numbers_that_cannot_be(complaint: Callable[..., str]) -> None:
    words = ("three.png", "-o", "out.png", "--faces")
    assert "is named with -o and with --faces" in complaint(*words, "out.png")
    assert "would overwrite" in complaint(*words, "three.png", "--force")
    assert "does not end in" in complaint(*words, "faces.txt")


def test_all_faces(fet: Call, complaint: Callable[..., str], pictures: Path) -> None:
    error = complaint("three.png", "-o", "out.png", "--all-faces", "--target-face", "1")
    assert "leave one of them out" in error
    assert fet("three.png", "-o", "out.png", "--all-faces")[0] == 0
    top = pictures.parent
    three, made = (np.array(Image.open(top / name)) for name in ("three.png", "out.png"))
    changed = (three != made).any(axis=2)
    assert all(changed[:, 340 * n : 340 * (n + 1)].any() for n in range(3))
    (top / "three.png").rename(pictures / "three.png")
    code, _, error = fet("photos", "-o", "made", "--all-faces")
    assert (code, error) == (0, "")
    assert (np.array(Image.open(top / "made/three.png")) == made).all()


def test_a_face_that_is_left_is_a_sentence_and_the_others_are_written(
    pictures: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    low = np.array(Image.open(pictures.parent / "source.png"))
    low = np.concatenate([np.repeat(low[:1], 220, axis=0), low[:-220]])
    man = np.array(Image.open(pictures / "man.png"))
    Image.fromarray(np.concatenate([man, low], axis=1)).save(pictures / "two.png")
    monkeypatch.chdir(pictures.parent)
    words = ["source.png", "photos/two.png", "-o", "out.png", "--all-faces"]
    monkeypatch.setattr(sys, "argv", ["fet", "transfer", *words])
    with pytest.raises(SystemExit) as stopped:
        main()
    out, error = capsys.readouterr()
    assert stopped.value.code == 2
    assert out == "out.png: photos/two.png with the expression of source.png\n"
    assert "photos/two.png (680×512), number 2 from the left, is cut off" in error
    assert (np.array(Image.open("out.png"))[:, :340] != man).any()
