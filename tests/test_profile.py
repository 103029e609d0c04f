"""`fet profile`: the paper's values, and back to the committed file byte for byte."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from fet_core import timing
from fet_core.errors import UserError
from fet_core.params import Optimisation, Params
from fet_core.paramsfile import load, overlaid
from fet_core.studies import find_study, open_study, read_study
from pipeline.tools import profile

TOP = Path(__file__).resolve().parents[1]
PROFILES = {
    name: open_study(name, TOP / "params.yaml").values
    for name in ("paper", "paper-cpu", "demo", "tiny")
}


@pytest.fixture
def params(repository: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(repository / "params.yaml", tmp_path / "params.yaml"))


def test_the_paper_has_the_papers_values(params: Path) -> None:
    profile("paper", params, estimate=False)
    found = load(params)
    assert (found.align.size, found.fusion.size) == (256, 256)
    assert (found.fusion.epochs, found.transfer.epochs) == (400, 120)
    assert (found.fusion.lambda1, found.fusion.lambda2, found.fusion.lambda3) == (0.1, 10, 100)
    assert (found.transfer.mu1, found.transfer.mu2) == (1, 100)
    assert (found.transfer.width, found.transfer.d_width) == (64, 64)
    assert found.transfer.d_norm == "spectral"
    assert (found.baseline.width, found.baseline.d_width, found.baseline.epochs) == (64, 64, 120)
    assert (found.baseline.adversarial, found.baseline.l1) == (1, 100)
    assert (found.fusion.identities, found.transfer.augmentation, found.baseline.augmentation) == (
        0,
        0,
        0,
    )
    for module in (found.fusion, found.transfer, found.baseline):
        assert module.batch_size == 8
        assert (module.lr_g, module.lr_d) == (0.0002, 0.0001)
        assert (module.beta1, module.beta2) == (0.5, 0.999)
        assert module.decay_from == 1.0
    assert (found.split.by, found.split.test_share, found.augment.flip) == ("subject", 0.2, True)


BLOCKS = {
    "  scales: [0.5, 1.0, 2.0] # of the picture": "  scales: # of the picture",
    " until a face is found\n": " until a face is found\n  - 0.5\n  - 1.0\n  - 2.0\n",
    "  subjects: {} #": "  subjects: #",
    "{ckplus: [S052, S055]}\n": "{…}\n    ckplus:\n    - S052\n    - '055' # mine\n",
}
"""The lists as blocks, as DVC writes them."""


@pytest.mark.parametrize("blocks", [False, True])
@pytest.mark.parametrize("name", [name for name in PROFILES if name != "demo"])
def test_demo_after_any_profile_is_the_file_before(
    params: Path, name: str, blocks: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    if blocks:
        text = params.read_text(encoding="utf-8")
        for old, new in BLOCKS.items():
            # Nothing to do where the committed file has its lists as blocks already.
            text = text.replace(old, new)
        params.write_text(text, encoding="utf-8")
        assert "  - 0.5\n" in text
        assert load(params).figures.allowed("ckplus", False) == ["S052", "055"]
    before = params.read_bytes()
    profile("demo", params)
    assert params.read_bytes() == before
    profile(name, params, estimate=False)
    assert params.read_bytes() != before
    for other in PROFILES:
        profile(other, params, estimate=False)
    profile("demo", params)
    assert params.read_bytes() == before
    assert "profile demo, 0 values changed" in capsys.readouterr().out.splitlines()[0]


def test_the_demo_is_the_committed_file(params: Path, repository: Path) -> None:
    profile("tiny", params)
    profile("demo", params)
    assert params.read_bytes() == (repository / "params.yaml").read_bytes()


def test_only_the_values_of_the_profile_change(params: Path) -> None:
    text = re.sub(r"seed: \d+", "seed: 11", params.read_text(encoding="utf-8"))
    text = text.replace("root: data/demo/rafd", "root: '/mein Ordner/RaFD'   # meins")
    text = re.sub(r"subjects: \{\}.*", "subjects:\n    rafd:\n      - '01'\n      - '02'", text)
    params.write_text(text, encoding="utf-8")
    profile("paper", params, estimate=False)
    after = params.read_text(encoding="utf-8")
    keys = {key.split(".")[1] for key in PROFILES["paper"]}
    changed = 0
    for old, new in zip(text.splitlines(), after.splitlines(), strict=True):
        if old != new:
            changed += 1
            assert re.sub(r": \S+", "", old) == re.sub(r": \S+", "", new)
            assert old.split(":")[0].strip() in keys
    assert changed >= 8
    assert load(params).figures.allowed("rafd", False) == ["01", "02"]
    assert load(params).split.seed == load(params).transfer.seed == 11


def test_the_baselines_are_trained_as_the_papers_model_is(params: Path) -> None:
    shared = ("width", "d_width", "augmentation", *Optimisation.model_fields)
    for name in PROFILES:
        profile(name, params, estimate=False)
        found = load(params)
        for key in shared:
            assert getattr(found.baseline, key) == getattr(found.transfer, key), (name, key)
        assert found.baseline.adversarial == found.transfer.mu1
        assert found.baseline.l1 == found.transfer.mu2


@pytest.mark.parametrize("name", PROFILES)
def test_what_one_profile_sets_the_others_set_too(name: str) -> None:
    assert set(PROFILES[name]) == set(PROFILES["demo"])


def test_every_study_that_is_a_profile_is_tested_here() -> None:
    studies = {path.stem: read_study(path) for path in find_study("demo").parent.glob("*.yaml")}
    plain = {name for name, one in studies.items() if not (one.stages or one.keys)}
    # london-256 has the stages of london.
    assert plain - {"london-256"} == set(PROFILES)


def test_a_study_with_stages_is_no_profile(params: Path) -> None:
    before = params.read_bytes()
    for name in ("london-256", "lambda"):
        with pytest.raises(UserError, match=f"to be run, by `fet study {name}`"):
            profile(name, params)
    assert params.read_bytes() == before


def test_tiny_is_smaller_than_the_demo_in_everything_that_takes_time(params: Path) -> None:
    tiny, demo = (overlaid(load(params), PROFILES[name]) for name in ("tiny", "demo"))
    assert tiny.align.size == 64
    for section in ("fusion", "transfer", "fusion_plus", "transfer_plus", "baseline"):
        small, large = getattr(tiny, section), getattr(demo, section)
        assert small.epochs <= large.epochs / 7
        assert small.width <= large.width
        assert small.batch_size == large.batch_size
    assert tiny.augment.max_triples < demo.augment.max_triples


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_on_params_is_that_in_the_file(params: Path, name: str) -> None:
    before = load(params)
    profile(name, params, estimate=False)
    assert overlaid(before, PROFILES[name]) == load(params)


def test_an_unknown_profile(params: Path) -> None:
    with pytest.raises(UserError, match=r'no study "papr" \(there are: .*paper, .*tiny\)'):
        profile("papr", params)


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch, params: Path, tmp_path: Path) -> Path:
    """No real steps: Φ and Ω take 8 and 4 s a step."""

    def measure(settings: Params, device: object) -> Iterator[tuple[str, timing.Cost]]:
        for name, seconds in (("fusion", 8.0), ("transfer", 4.0)):
            options = timing.options_of(name, settings)
            cost = timing.Cost(
                timing.MODELS[name], (1.0, seconds, 99.0), options.epochs, options.batch_size
            )
            yield name, cost

    monkeypatch.setattr(timing, "measure", measure)
    monkeypatch.chdir(tmp_path)
    return params


def test_the_paper_says_what_it_costs(timed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    profile("paper", timed, device="cpu")
    _, fusion, transfer, together = capsys.readouterr().out.splitlines()
    # 1,000 pictures and their mirror images, 8 a step.
    assert fusion == (
        "Φ for each 1,000 training pictures: 8 s a step, 100,000 steps (400 epochs of 2,000 "
        "samples), 9.3 days on this CPU"
    )
    assert transfer.endswith(
        "4 s a step, 30,000 steps (120 epochs of 2,000 samples), 33 h on this CPU"
    )
    assert together.startswith("together 11 days for 1,000 pictures, ")
    assert "not counted: validation" in together


def test_the_cost_counts_the_training_samples_there_are(
    timed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        timing, "usable_samples", lambda folder: 496 if folder == Path("data/rafd") else None
    )
    profile("paper", timed, device="cpu")
    _, fusion, _, _, last = capsys.readouterr().out.splitlines()
    assert fusion.startswith("Φ rafd: 8 s a step, 24,800 steps (400 epochs of 496 samples), 2.3 da")
    assert last == "not counted either: ckplus, of which nothing is ingested yet"


def test_who_is_told_the_cost(timed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = {}
    asked = (("paper", False), ("paper-cpu", None), ("demo", None), ("tiny", None), ("demo", True))
    for name, wanted in asked:
        profile(name, timed, estimate=wanted, device="cpu")
        said[name, wanted] = len(capsys.readouterr().out.splitlines())
    assert list(said.values()) == [1, 4, 1, 1, 4]


def test_a_params_file_that_is_wrong_already_is_left_alone(params: Path) -> None:
    params.write_text(params.read_text(encoding="utf-8").replace("mu2:", "mu_2:"), encoding="utf-8")
    before = params.read_bytes()
    with pytest.raises(UserError, match="mu"):
        profile("paper", params, estimate=False)
    assert params.read_bytes() == before


def test_a_params_file_of_another_encoding_is_left_alone(params: Path) -> None:
    content = params.read_text(encoding="utf-8").encode("utf-16")
    params.write_bytes(content)
    with pytest.raises(UserError, match="is in no UTF-8; save it in that encoding"):
        profile("tiny", params)
    assert params.read_bytes() == content
