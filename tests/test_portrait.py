"""Transfer on whole photographs: what moves, what stays, which face, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

import fet_core
from fet_core.errors import UserError
from fet_core.geometry.align import alignment, apply_points, mean_points

HAPPY = "data/demo/rafd/Rafd090_28_Caucasian_male_happy_frontal.jpg"
NEUTRAL = "data/demo/rafd/Rafd090_28_Caucasian_male_neutral_frontal.jpg"
OTHER = "data/demo/rafd/Rafd090_08_Caucasian_female_neutral_frontal.jpg"

Give = Callable[..., np.ndarray]


def write_model(path: Path, face: np.ndarray, channels: int = 3, black: bool = False) -> Path:
    """A model that lets the jaw fall, whatever the source is.

    Its Ω+ is untrained: it moves the photograph as the points say, and paints nothing, or all of
    it `black`.
    """
    import torch

    from fet_core.nets.fusion import PointFusion
    from fet_core.nets.plus_file import Alignment, Plus, save_plus
    from fet_core.nets.warping import Warping

    torch.manual_seed(0)
    fusion_sizes = {"rank": 8, "width": 16, "code": 4}
    warping_sizes = {"channels": channels, "width": 8, "working": 64}
    fusion, warping = PointFusion(**fusion_sizes), Warping(**warping_sizes)
    faces = torch.from_numpy(face) + 0.3 * torch.randn(40, 68, 2)
    falling = torch.zeros(68, 2)
    falling[[*range(6, 11), *range(55, 60), *range(65, 68)], 1] = 5.0
    fusion.fit(faces, faces, faces + falling + 0.05 * torch.randn(40, 68, 2))
    torch.nn.init.constant_(fusion.decode[-1].bias[:1], 1.0)
    torch.nn.init.constant_(warping.paint[-1].bias[-16:], 8.0 if black else -8.0)
    torch.nn.init.constant_(warping.paint[-1].bias[:-16], -4.0)
    plus = Plus(fusion.eval(), warping.eval(), Alignment(128, 0.3, 0.35, 4))
    save_plus(path, plus, sizes={"fusion": fusion_sizes, "transfer": warping_sizes})
    return path


@pytest.fixture(scope="module")
def model(face: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("model") / "plus.safetensors", face)


@pytest.fixture(scope="module")
def transfer(model: Path) -> Any:
    pytest.importorskip("dlib", reason="dlib is not installed")
    return fet_core.Transfer(model, device="cpu")


@pytest.fixture
def give(repository: Path) -> Give:
    def read(name: str, grey: bool = False) -> np.ndarray:
        return np.array(Image.open(repository / name).convert("L" if grey else "RGB"))

    return read


def turned(picture: np.ndarray, degrees: float) -> np.ndarray:
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    return cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


def scaled(picture: np.ndarray, by: float) -> np.ndarray:
    way = cv2.INTER_AREA if by < 1 else cv2.INTER_CUBIC
    return cv2.resize(picture, None, fx=by, fy=by, interpolation=way)


def places(finder: Any, picture: np.ndarray, box: Any, size: int = 128) -> tuple[Any, np.ndarray]:
    """The matrix of a face, and its points in aligned pixels."""
    points = mean_points(finder, picture, box.as_list(), 4)
    matrix = alignment(points, size, 0.3, 0.35)
    return matrix, apply_points(matrix, points)


def beyond(picture: np.ndarray, matrix: np.ndarray, size: int = 128) -> np.ndarray:
    """Which pixels of a photograph lie outside the aligned square."""
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    there = apply_points(matrix, np.stack([x, y], axis=2))
    return ((there < -0.5) | (there > size - 0.5)).any(axis=2)


def whole(picture: np.ndarray) -> np.ndarray:
    return picture


def close(picture: np.ndarray) -> np.ndarray:
    return picture[105:390, 40:300]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(whole, id="as it is"),
        pytest.param(lambda p: turned(p, 20), id="20° left"),
        pytest.param(lambda p: turned(p, -20), id="20° right"),
        pytest.param(close, id="cropped"),
        pytest.param(lambda p: scaled(p, 3), id="×3"),
        pytest.param(lambda p: scaled(p, 0.4), id="×0.4"),
        pytest.param(lambda p: p[..., 1], id="grey"),
        pytest.param(lambda p: p[:, ::-1], id="mirrored view"),
    ],
)
def test_the_jaw_falls_wherever_the_face_is(
    change: Callable[[np.ndarray], np.ndarray], transfer: Any, finder: Any, give: Give
) -> None:
    target = change(give(NEUTRAL))
    before = target.copy()
    made = transfer(give(HAPPY), target)
    assert made.dtype == np.uint8
    assert made.shape == target.shape
    assert (target == before).all()
    target = np.ascontiguousarray(target)
    box = finder.boxes(target, (0.5, 1, 2))[0]
    matrix, old = places(finder, target, box)
    outside = beyond(target, matrix)
    assert (made == target)[outside].all()
    found = apply_points(matrix, mean_points(finder, made, box.as_list(), 4))
    chin, lip, nose = ((found - old)[part].mean(axis=0) for part in (range(7, 10), [57], [30]))
    assert chin[1] > 1.5
    assert lip[1] > 1.5
    assert abs(chin[0]) < chin[1] / 2
    assert np.abs(nose).max() < 1


def test_intensity_0_is_the_target_and_more_moves_more(transfer: Any, give: Give) -> None:
    target = give(NEUTRAL)
    none, half, full = (transfer(give(HAPPY), target, value) for value in (0, 0.5, 1.0))
    apart = [np.abs(made.astype(int) - target).mean() for made in (none, half, full)]
    assert apart[0] == 0
    assert 0.05 < apart[1] < apart[2]


@pytest.mark.parametrize("grey", [False, True], ids=["colour", "grey"])
@pytest.mark.parametrize("name", [HAPPY, NEUTRAL, OTHER])
def test_nothing_to_change_changes_nothing(
    name: str, grey: bool, transfer: Any, give: Give, repository: Path
) -> None:
    target = give(name, grey)
    before = target.copy()
    source = give(NEUTRAL if name == HAPPY else HAPPY)
    for made in (
        transfer(source, target, 0),
        transfer(before, target),
        transfer(before, target, 1.7),
        transfer(repository / name, target, 0.0),
    ):
        assert made.dtype == np.uint8
        assert np.array_equal(made, before)
        made[:] = 0  # A copy: the target's own array stays as it is.
        assert np.array_equal(target, before)
    assert not np.array_equal(transfer(source, target), before)


def test_another_face_of_the_same_picture_is_another_source(transfer: Any, give: Give) -> None:
    two = np.concatenate([give(HAPPY), give(NEUTRAL)], axis=1)
    assert np.array_equal(transfer(two, two, 1.0, 2, 2), two)
    assert not np.array_equal(transfer(two, two, 1.0, 1, 2), two)
    with pytest.raises(UserError, match="no face was found"):
        transfer(np.zeros((200, 200), np.uint8), two, 0, None, 1)


@pytest.mark.parametrize("name", ["a\0b.png", "x" * 5000])
def test_names_that_no_file_can_have(name: str, transfer: Any, give: Give) -> None:
    for given in ((name, give(NEUTRAL)), (give(NEUTRAL), Path(name))):
        with pytest.raises(UserError, match=r"there is no picture .* name a PNG"):
            transfer(*given)
    with pytest.raises(UserError, match=r"there is no model at .* name a file"):
        fet_core.Transfer(name)


def test_a_large_face_stays_sharp(transfer: Any, give: Give) -> None:
    """The model's own size is 128, the face's more than 900."""
    target = scaled(give(NEUTRAL), 3)
    target = (target + np.random.default_rng(0).integers(-20, 21, target.shape)).clip(0, 255)
    target = target.astype(np.uint8)
    made = transfer(give(HAPPY), target, intensity=0)
    middle = np.s_[700:1000, 350:700]
    detail = [cv2.Laplacian(p[middle], cv2.CV_32F).std() for p in (target, made)]
    assert detail[1] > 0.85 * detail[0]


def test_files_arrays_and_repetition_give_the_same(
    transfer: Any, give: Give, repository: Path, tmp_path: Path
) -> None:
    source, target = give(HAPPY), give(NEUTRAL)
    made = transfer(source, target)
    assert (transfer(repository / HAPPY, str(repository / NEUTRAL)) == made).all()
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = tmp_path / "lying.png"
    Image.fromarray(target).transpose(Image.Transpose.ROTATE_90).save(lying, exif=exif)
    assert (transfer(source, lying) == made).all()
    clear = np.dstack([target, np.full(target.shape[:2], 255, np.uint8)])
    Image.fromarray(clear).save(tmp_path / "clear.png")
    assert (transfer(source, tmp_path / "clear.png") == made).all()


def test_only_the_chosen_one_of_two_faces_changes(transfer: Any, give: Give) -> None:
    left, right = give(NEUTRAL), give(OTHER)
    both, width = np.concatenate([left, right], axis=1), left.shape[1]
    with pytest.raises(UserError, match="2 faces were found in the target") as error:
        transfer(give(HAPPY), both)
    assert "--target-face (target_face in Python), 1 to 2 from left to right" in str(error.value)
    with pytest.raises(UserError, match=r"2 faces .* source .*--source-face"):
        transfer(both, left)
    first = transfer(give(HAPPY), both, target_face=1)
    second = transfer(give(HAPPY), both, target_face=2)
    assert (first[:, width + 30 :] == both[:, width + 30 :]).all()
    assert (second[:, : width - 30] == both[:, : width - 30]).all()
    assert (first[:, :width] != both[:, :width]).any()
    assert (second[:, width:] != both[:, width:]).any()
    assert np.abs(first[:, :width].astype(int) - transfer(give(HAPPY), left)).mean() < 2
    for number in (0, 3, -1):
        with pytest.raises(UserError, match=f"no face {number} among the 2 found"):
            transfer(give(HAPPY), both, target_face=number)
    assert (transfer(both, left, source_face=1) == transfer(left, left)).mean() > 0.5


def test_a_grey_model_keeps_the_colours(
    face: np.ndarray, tmp_path: Path, finder: Any, give: Give
) -> None:
    assert finder
    grey = fet_core.Transfer(write_model(tmp_path / "grey.safetensors", face, 1), "cpu")
    target = give(NEUTRAL)
    made = grey(give(HAPPY), target)
    assert made.shape == target.shape
    assert (made != target).any()
    hues = [cv2.cvtColor(p, cv2.COLOR_RGB2YCrCb)[..., 1:].astype(int) for p in (made, target)]
    assert np.abs(hues[0] - hues[1]).mean() < 1.5
    assert grey(give(HAPPY), target[..., 0]).shape == target.shape[:2]


def test_only_the_face_is_painted(
    face: np.ndarray, tmp_path: Path, finder: Any, give: Give
) -> None:
    """A model that paints everything black leaves background, hair and neck as they are."""
    painter = fet_core.Transfer(
        write_model(tmp_path / "black.safetensors", face, black=True), "cpu"
    )
    target = give(NEUTRAL)
    made = painter(give(HAPPY), target, 1e-6)  # at 0 nothing would be painted at all
    points = mean_points(finder, target, finder.boxes(target, (0.5, 1, 2))[0].as_list(), 4)
    inside = [points[27:31].mean(axis=0), points[48:].mean(axis=0), points[[2, 31]].mean(axis=0)]
    for x, y in np.rint(inside).astype(int):
        assert made[y, x].max() < 12
    left, right = int(points[0, 0]) - 25, int(points[16, 0]) + 25
    apart = np.abs(made.astype(int) - target)
    assert apart[:, :left].max() <= 12
    assert apart[:, right:].max() <= 12
    assert apart[int(points[8, 1]) + 25 :].max() <= 12


def test_motion_fades_out_before_the_blend(
    face: np.ndarray, tmp_path: Path, finder: Any, give: Give
) -> None:
    """Where a learned map moves all of the aligned picture, its outer part stays in place.

    Else the background would show twice where moved and unmoved are blended.
    """
    from fet_core.nets.plus_file import load_plus, save_plus

    path = write_model(tmp_path / "all.safetensors", face)
    plus = load_plus(path)
    plus.transfer.motion.weight[:, : 32 * 32] = 0.2
    sizes = {"fusion": {"rank": 8, "width": 16, "code": 4}}
    sizes["transfer"] = {"channels": 3, "width": 8, "working": 64}
    save_plus(path, plus, sizes)
    target = give(NEUTRAL)
    matrix, _ = places(finder, target, finder.boxes(target, (0.5, 1, 2))[0])
    y, x = np.mgrid[: target.shape[0], : target.shape[1]]
    away = (apply_points(matrix, np.stack([x, y], axis=2)) - 63.5) / 128
    ring = (np.abs(away) > 0.455).any(axis=2) & (np.abs(away) < 0.48).all(axis=2)
    middle = (np.abs(away) < 0.3).all(axis=2)
    waves = (np.abs(x % 100 - 50) * 5)[..., None].astype(np.uint8)
    target = np.where((np.abs(away) > 0.4).any(axis=2)[..., None], waves, target)
    made = fet_core.Transfer(path, "cpu")(give(HAPPY), target)
    apart = np.abs(made.astype(int) - target).max(axis=2)
    assert apart[ring].mean() < 4
    assert apart[middle].mean() > 10


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("fusion.moves", 9e5, "moves points farther than a face is wide"),
        ("fusion.mean", 6e4, "moves points farther than a face is wide"),
        ("transfer.", 9e5, "makes numbers that are not finite"),
    ],
)
def test_finite_weights_that_make_no_face(
    name: str, value: float, said: str, model: Path, tmp_path: Path, give: Give
) -> None:
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file

    tensors = load_file(model)
    for key in [key for key in tensors if key.startswith(name)]:
        tensors[key] = np.full(tensors[key].shape, value, np.float32)
    with safe_open(model, "numpy") as file:
        save_file(tensors, tmp_path / "huge.safetensors", file.metadata())
    huge = fet_core.Transfer(tmp_path / "huge.safetensors", "cpu")
    with pytest.raises(UserError, match=rf"huge\.safetensors {said}"):
        huge(give(HAPPY), give(NEUTRAL))


def test_no_face_names_the_picture_and_its_size(transfer: Any, give: Give, tmp_path: Path) -> None:
    empty = tmp_path / "wall.png"
    Image.new("RGB", (320, 200), "white").save(empty)
    with pytest.raises(UserError, match=r"no face was found in .*wall\.png \(320×200\); take"):
        transfer(give(HAPPY), empty)
    with pytest.raises(UserError, match=r"no face was found in the source \(7×5\)"):
        transfer(np.zeros((5, 7), np.uint8), give(NEUTRAL))
    with pytest.raises(UserError, match=r"the target \(32767×4\) is too long"):
        transfer(give(HAPPY), np.zeros((4, 32767), np.uint8))


def test_what_is_no_picture_is_refused(transfer: Any, give: Give, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"there is no picture .*nosuch\.png"):
        transfer(tmp_path / "nosuch.png", give(NEUTRAL))
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(UserError, match=r"text\.jpg cannot be used"):
        transfer(give(HAPPY), tmp_path / "text.jpg")
    for wrong in (np.zeros((9, 9, 4), np.uint8), np.zeros((9, 9)), np.zeros((0, 9), np.uint8)):
        with pytest.raises(UserError, match="give uint8"):
            transfer(wrong, give(NEUTRAL))


@pytest.mark.parametrize("intensity", [-0.01, 2.01, float("nan"), float("inf")])
def test_an_intensity_out_of_range(transfer: Any, give: Give, intensity: float) -> None:
    with pytest.raises(UserError, match=f"the intensity is {intensity}; choose one from 0"):
        transfer(give(HAPPY), give(NEUTRAL), intensity)


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no model at"):
        fet_core.Transfer(tmp_path / "nosuch.safetensors", device="cpu")


def test_pictures_beside_each_other() -> None:
    from fet_core.portrait import beside

    grey, colour = np.full((20, 10), 7, np.uint8), np.full((40, 30, 3), 9, np.uint8)
    assert beside([grey, grey]).shape == (20, 20)
    row = beside([grey, colour, colour])
    assert row.shape == (40, 20 + 30 + 30, 3)
    assert (row[:, :20] == 7).all()
    assert (row[:, 20:] == 9).all()
    assert beside([colour, grey]).shape == (20, 15 + 10, 3)


def test_the_package_gives_transfer_without_loading_torch(repository: Path) -> None:
    code = "import sys, fet_core; print(sorted({'torch', 'numpy', 'cv2'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        fet_core.Nothing  # noqa: B018


def test_photographs_keep_their_pixels_at_intensity_0(transfer: Any, london: Path) -> None:
    """Real skin and hair: two resamplings and the blend cost next to nothing."""
    names = sorted(path.name for path in (london / "neutral_front").glob("*.jpg"))[:3]
    smile = next((london / "smiling_front").glob("*.jpg"))
    for name in names:
        target = np.array(Image.open(london / "neutral_front" / name).convert("RGB"))
        made = transfer(smile, target, 0)
        assert cv2.PSNR(made, target) > 45
        assert (made[:40] == target[:40]).all()


def test_the_shipped_model_makes_a_neutral_mouth_smile(finder: Any, give: Give) -> None:
    from fet_core.nets.plus_file import SHIPPED

    if not SHIPPED.is_file():
        pytest.skip(f"there are no shipped weights at {SHIPPED}")
    target = give(OTHER)
    transfer = fet_core.Transfer(device="cpu")
    kept, made = (transfer(give(HAPPY), target, value) for value in (0, 1))
    assert np.abs(kept.astype(int) - target).mean() < 4
    box = finder.boxes(target, (0.5, 1, 2))[0]
    wide = []
    for picture in (target, made):
        points = places(finder, picture, box)[1]
        wide.append(np.linalg.norm(points[54] - points[48]))
    assert wide[1] > 1.03 * wide[0]
