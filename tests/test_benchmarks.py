"""Every benchmark runs at a tiny size, and its two sides agree."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

TOP = Path(__file__).resolve().parents[1]
sys.path.append(str(TOP / "benchmarks"))

import bench_evaluate  # noqa: E402
import bench_memory  # noqa: E402
import bench_raw  # noqa: E402
import bench_readings  # noqa: E402
import bench_similarity  # noqa: E402
import bench_start  # noqa: E402
import bench_training  # noqa: E402
import bench_transfer  # noqa: E402
from bench import runs  # noqa: E402
from bench.pictures import rafd_names, write_colour, write_grey  # noqa: E402
from reference.training import NEEDED, STEPS  # noqa: E402

from fet_core.data.readers import make_reader  # noqa: E402


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out.json"


def test_the_ratio_is_of_the_same_round(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entry = runs.result([2.0, 9.0, 4.0], [1.0, 3.0, 4.0])
    assert entry["ratio"] == {"min": 1.0, "median": 2.0, "max": 3.0}
    runs.report("name", "How long?", {"case": entry}, out)
    told = json.loads(out.read_text(encoding="utf-8"))
    assert told["cases"]["case"] == entry
    assert told["machine"]["cores"] >= 1
    assert str(Path.home()) not in out.read_text(encoding="utf-8")
    assert "1–2–3" in capsys.readouterr().out


def test_both_sides_take_turns() -> None:
    called: list[str] = []
    work = [lambda name=name: called.append(name) for name in ("reference", "ours")]
    entry = runs.in_turn(work[0], work[1], 2, "nothing", each=(2, 4), warm=False)
    assert called == ["reference", "ours", "ours", "reference"]
    assert entry["rounds"] == 2


def test_pictures_have_the_shape_of_the_sets(finder: Any, tmp_path: Path) -> None:
    from fet_core.data.pictures import describe, read_picture

    assert len(set(rafd_names(8040))) == 8040
    colour, grey = write_colour(tmp_path / "c", 9), write_grey(tmp_path / "g", 6)
    cases = ((colour, "rafd", (681, 1024), 3), (grey, "ckplus", (640, 490), 1))
    for root, reader, size, channels in cases:
        entries = make_reader(reader, 2).find(root).entries
        assert len(entries) == (9 if reader == "rafd" else 6)
        assert all(entry.expression for entry in entries)
        first = describe(root / entries[0].path)
        assert ((first.width, first.height), first.channels) == (size, channels)
        assert finder.boxes(read_picture(root / entries[-1].path, channels), (0.5,))


def test_readings_agree(finder: Any, out: Path) -> None:
    found = bench_readings.main(
        ["--faces", "1", "--rounds", "1", "--boxes", "3", "--out", str(out)]
    )
    assert len(found) == 2
    for entry in found.values():
        assert entry["faces"] == 1
        assert entry["apart_by_other_boxes"] < 0.02


def test_similarity_agrees(out: Path) -> None:
    words = ["--pairs", "4", "--size", "64", "--rounds", "1", "--out", str(out)]
    (entry,) = bench_similarity.main(words).values()
    assert entry["ssim_apart_at_most"] < 1e-4
    assert entry["psnr_apart_at_most"] < 1e-4


@pytest.fixture
def small(repository: Path, tmp_path: Path) -> Path:
    """Params with networks as small as they may be."""
    text = (repository / "params.yaml").read_text(encoding="utf-8")
    lines = []
    for line in text.splitlines():
        key = line.split(":")[0].strip()
        if key in ("width", "d_width"):
            line = f"  {key}: 8"
        lines.append(line)
    path = tmp_path / "params.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def trained(small: Path, out: Path, *models: str) -> dict[str, Any]:
    words = ["--steps", "1", "--rounds", "1", "--size", "32", "--threads", "1", "--models", *models]
    return bench_training.main([*words, "--params", str(small), "--out", str(out)])


def test_trainings_run_by_both_ways(small: Path, out: Path) -> None:
    (entry,) = trained(small, out, "pix2pix").values()
    assert 0 < entry["share_outside"] < 1


@pytest.mark.slow
def test_all_trainings_run_by_both_ways(small: Path, out: Path) -> None:
    found = trained(small, out, *STEPS)
    assert list(STEPS) == list(NEEDED)
    assert [name.split(",")[0] for name in found] == list(STEPS)
    assert all(0 < entry["share_outside"] < 1 for entry in found.values())


def test_landmark_images_are_those_of_the_recipe() -> None:
    import torch
    from reference.training import landmark_image

    from fet_core.geometry.raster import draw

    points = np.random.default_rng(0).uniform(5, 27, (68, 2)).astype(np.float32)
    ours = draw(torch.from_numpy(points)[None], 32, 0.5)[0].numpy()
    np.testing.assert_allclose(landmark_image(points, 32, 0.5), ours, atol=1e-5)


@pytest.mark.slow
def test_one_transfer_runs(finder: Any, out: Path) -> None:
    found = bench_transfer.main(["--rounds", "1", "--films", "0", "--out", str(out)])
    assert len(found) == 2


def test_a_program_starts(out: Path) -> None:
    found = bench_start.main(["--rounds", "1", "--out", str(out)])
    assert found["fet --help"]["ours_s"]["min"] > 0


def test_memory_is_that_of_all_processes() -> None:
    import os
    import subprocess

    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in bench_memory.descendants(os.getpid())
        assert bench_memory.megabytes(os.getpid()) > bench_memory.megabytes(child.pid) >= 0
        child.communicate(b"\n")


def test_the_usual_script_finds_the_same_face(finder: Any, tmp_path: Path) -> None:
    import dlib
    from reference.landmarks import find

    from fet_core.data.pictures import read_picture
    from fet_core.geometry.align import mean_points
    from fet_core.geometry.landmarks import PREDICTOR, eye_distance, weights_folder

    predictor = dlib.shape_predictor(str(weights_folder() / PREDICTOR))
    path = next(write_grey(tmp_path, 1).rglob("*.png"))
    found = find(path, dlib.get_frontal_face_detector(), predictor)
    assert found is not None
    theirs, picture = np.array(found[1]), read_picture(path, 1)
    (box,) = finder.boxes(picture, (0.5,))
    ours = mean_points(finder, picture, box.as_list(), 12)
    assert np.linalg.norm(ours - theirs, axis=1).mean() < 0.015 * eye_distance(theirs)


@pytest.mark.slow
def test_a_method_is_scored_by_both_ways(finder: Any, out: Path) -> None:
    (entry,) = bench_evaluate.main(["--triples", "6", "--rounds", "1", "--out", str(out)]).values()
    assert entry["ssim_apart_at_most"] < 1e-4


@pytest.mark.slow
def test_raw_to_landmarks_agrees(finder: Any, out: Path) -> None:
    words = ["--pictures", "24", "--sample", "4", "--rounds", "1", "--out", str(out)]
    for entry in bench_raw.main(words).values():
        (agreed,) = entry["agreement"]
        assert agreed["of_them_ours"] == agreed["reference_faces"] == 4
        assert agreed["mean_of_readings_apart"] < 0.015


@pytest.mark.slow
def test_a_tree_is_watched(finder: Any, out: Path) -> None:
    words = ["--pictures", "16", "--every", "0.2", "--out", str(out)]
    (entry,) = bench_memory.main(words).values()
    assert entry["peak_mb"] > 50
