"""Films as files: what is read, in which order, how much of a damaged one, and what is written."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fet_core.data.mark import SOURCE_TYPE, Origin, program
from fet_core.errors import UserError
from fet_core.film.mark import film_origin
from fet_core.film.reading import Film
from fet_core.film.writing import film_to

av = pytest.importorskip("av")

HEIGHT, WIDTH = 48, 64


def grey(value: int) -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 3), value, np.uint8)


def half(value: int) -> np.ndarray:
    """Bright above, dark below."""
    picture = grey(value)
    picture[HEIGHT // 2 :] = 0
    return picture


def write(path: Path, pictures: list[np.ndarray], times: list[Fraction] | None = None) -> Path:
    shape = pictures[0].shape
    with film_to(path, (shape[0], shape[1]), Fraction(25)) as add:
        for number, picture in enumerate(pictures):
            add(times[number] if times else Fraction(number, 25), picture)
    return path


def beep(path: Path, seconds: float, video: bool = True) -> Path:
    """A film with a tone."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25) if video else None
        voice = container.add_stream("aac", rate=16000, layout="mono")
        if stream is not None:
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            for _ in range(round(25 * seconds)):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(grey(90))))
            container.mux(stream.encode(None))
        tone = np.sin(np.arange(round(16000 * seconds)) / 5).astype(np.float32)[None]
        frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
        frame.sample_rate = 16000
        container.mux(voice.encode(frame))
        container.mux(voice.encode(None))
    return path


@pytest.mark.parametrize("name", ["a.mp4", "a.gif"])
def test_a_film_comes_back(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, [grey(20 * number) for number in range(10)])
    film = Film(path)
    assert (film.rate, film.count, film.has_sound) == (25, 10, False)
    assert film.seconds == pytest.approx(0.4, abs=0.04)
    for _ in range(2):
        frames = list(film)
        assert [frame.seconds for frame in frames] == [Fraction(n, 25) for n in range(10)]
        shades = [float(frame.picture.mean()) for frame in frames if frame.picture is not None]
        assert shades == pytest.approx(range(0, 200, 20), abs=2)
        assert film.damaged == ""


def test_it_plays_in_a_browser(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", [half(200)] * 3)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat"), "it starts after it is loaded whole"


def test_colours_come_back_and_are_told(tmp_path: Path) -> None:
    skin = np.full((HEIGHT, WIDTH, 3), (210, 150, 120), np.uint8)
    path = write(tmp_path / "a.mp4", [skin] * 3)
    picture = next(iter(Film(path))).picture
    assert picture is not None
    assert np.abs(picture.astype(int) - skin).max() <= 3
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_range) == (1, 1, 1)


def test_a_name_with_a_colon_is_no_protocol(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert len(list(Film(write(Path("take:1.mp4"), [half(200)] * 3)))) == 3


def test_a_last_picture_that_is_held(tmp_path: Path) -> None:
    pictures = [Image.fromarray(grey(40 * number)) for number in range(4)]
    path = tmp_path / "held.gif"
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=[100] * 3 + [2000])
    assert [float(frame.lasts) for frame in Film(path)] == pytest.approx([0.1] * 3 + [2.0])


@pytest.mark.parametrize("name", ["a.mp4", "a.gif"])
def test_it_says_that_it_is_made(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, [half(200)] * 3)
    assert film_origin(path) == Origin(program(), SOURCE_TYPE)
    assert len(list(Film(path))) == 3
    with film_to(path, (HEIGHT, WIDTH), Fraction(25), made=False) as add:
        add(Fraction(0), half(200))
        add(Fraction(1, 25), half(100))
    assert film_origin(path) == Origin(None, None)


def test_times_that_vary_are_kept(tmp_path: Path) -> None:
    times = [Fraction(0), Fraction(1, 10), Fraction(1, 8), Fraction(1)]
    path = write(tmp_path / "a.mp4", [grey(10)] * 4, times)
    assert [float(frame.seconds) for frame in Film(path)] == pytest.approx(
        [float(one) for one in times], abs=1e-4
    )


def test_a_telephone_held_upright(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", [half(200)] * 3)
    content = bytearray(path.read_bytes())
    # The matrix of the track's header: the picture is to be turned by a quarter, clockwise.
    one = (1 << 16).to_bytes(4, "big", signed=True)
    zero, least = bytes(4), (-1 << 16).to_bytes(4, "big", signed=True)
    place = content.index(b"tkhd") + 4 + 40
    assert content[place : place + 4] == one
    content[place : place + 20] = zero + one + zero + least + zero
    path.write_bytes(content)
    picture = next(iter(Film(path))).picture
    assert picture is not None
    assert picture.shape == (WIDTH, HEIGHT, 3)
    # What was above is on the right now.
    assert picture[:, HEIGHT // 2 + 4 :].mean() > 180
    assert picture[:, : HEIGHT // 2 - 4].mean() < 20


def test_what_comes_before_the_damage_is_kept(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8) for _ in range(60)]
    path = write(tmp_path / "a.mp4", pictures)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    film = Film(path)
    count = sum(1 for _ in film)
    assert 10 < count < 60
    assert film.count == 60
    assert film.damaged == f"of 60 pictures {count} are there"
    content = bytearray(whole)
    place = len(content) // 2
    content[place : place + 20_000] = rng.bytes(20_000)
    path.write_bytes(content)
    assert 10 < sum(1 for _ in film) < 60
    assert film.damaged == "Invalid data found when processing input"


def test_frames_of_a_folder_by_number(tmp_path: Path) -> None:
    for number in (10, 9, 1, 100):
        Image.fromarray(grey(number)).save(tmp_path / f"frame{number}.png")
    (tmp_path / ".frame2.png").write_bytes(b"hidden")
    (tmp_path / "notes.txt").write_text("no frame")
    (tmp_path / "frame11.png").write_bytes(b"broken")
    film = Film(tmp_path, Fraction(10))
    assert (film.rate, film.count, film.seconds) == (10, 5, 0.5)
    seen = [None if one.picture is None else int(one.picture[0, 0, 0]) for one in film]
    assert seen == [1, 9, 10, None, 100]
    assert [one.seconds for one in film][-1] == Fraction(4, 10)


def test_a_recording_that_does_not_say_how_long_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.webm"
    with av.open(str(path), "w", options={"live": "1"}) as container:
        stream = container.add_stream("libvpx", rate=10)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey(90))))
        container.mux(stream.encode(None))
    film = Film(path)
    assert (film.count, film.seconds) == (0, 0)
    assert [float(frame.seconds) for frame in film] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])


def test_sound_comes_along(tmp_path: Path) -> None:
    source = Film(beep(tmp_path / "beep.mkv", 1.2))
    assert source.has_sound
    out = tmp_path / "a.mp4"
    with film_to(out, (HEIGHT, WIDTH), Fraction(25), source) as add:
        for number in range(30):
            add(Fraction(number, 25), grey(50))
    heard = np.concatenate([frame.to_ndarray()[0] for frame in Film(out).sound()])
    assert len(heard) / 16000 == pytest.approx(1.2, abs=0.15)
    assert np.abs(heard).mean() == pytest.approx(2 / np.pi, abs=0.1)


COMPLAINTS = {
    "picture.mp4": "picture.mp4 is a single picture; take it to `fet transfer`",
    "still.gif": "still.gif is a single picture",
    "text.mp4": "text.mp4 cannot be read as a film",
    "empty.mp4": r"empty.mp4 cannot be read as a film \(it is damaged, or none\)",
    "list.mp4": "list.mp4 cannot be read as a film",
    "sound.mp4": "sound.mp4 has no pictures, sound alone",
    "nowhere.mp4": "there is no film .*nowhere.mp4",
    "folder": "the folder .*folder holds no pictures",
    "one": "the folder .*one holds one picture",
}


@pytest.mark.parametrize("name", COMPLAINTS)
def test_what_is_no_film(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    Image.fromarray(grey(100)).save(tmp_path / "picture.png")
    (tmp_path / "picture.png").rename(tmp_path / "picture.mp4")
    Image.fromarray(grey(100)).save(tmp_path / "still.gif")
    (tmp_path / "text.mp4").write_text("no film at all\n" * 20)
    (tmp_path / "empty.mp4").write_bytes(b"")
    write(tmp_path / "good.mp4", [grey(100)] * 3)
    (tmp_path / "list.mp4").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:1,\ngood.mp4\n")
    beep(tmp_path / "sound.mp4", 0.3, video=False)
    (tmp_path / "folder").mkdir()
    (tmp_path / "one").mkdir()
    Image.fromarray(grey(100)).save(tmp_path / "one" / "1.png")
    with pytest.raises(UserError, match=COMPLAINTS[name]):
        Film(path)


def test_a_video_has_a_rate_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--rate is for a folder of frames"):
        Film(write(tmp_path / "a.mp4", [grey(1)] * 3), Fraction(10))
