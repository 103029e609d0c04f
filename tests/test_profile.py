"""`fet profile`: the paper's values, and back to the committed file byte for byte."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from fet_core.errors import UserError
from fet_core.params import Optimisation, load
from pipeline.profile import COMMON, PROFILES, profile


@pytest.fixture
def params(repository: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(repository / "params.yaml", tmp_path / "params.yaml"))


def test_the_paper_has_the_papers_values(params: Path) -> None:
    profile("paper", params)
    found = load(params)
    assert (found.align.size, found.fusion.size) == (256, 256)
    assert (found.fusion.epochs, found.transfer.epochs) == (400, 120)
    assert (found.fusion.lambda1, found.fusion.lambda2, found.fusion.lambda3) == (0.1, 10, 100)
    assert (found.transfer.mu1, found.transfer.mu2) == (1, 100)
    assert (found.transfer.width, found.transfer.d_width) == (64, 64)
    assert found.transfer.d_norm == "spectral"
    assert (found.baseline.width, found.baseline.d_width, found.baseline.epochs) == (64, 64, 120)
    assert (found.baseline.adversarial, found.baseline.l1) == (1, 100)
    assert (found.fusion.identities, found.transfer.jitter, found.baseline.jitter) == (0, 0, 0)
    for module in (found.fusion, found.transfer, found.baseline):
        assert module.batch_size == 8
        assert (module.lr_g, module.lr_d) == (0.0002, 0.0001)
        assert (module.beta1, module.beta2) == (0.5, 0.999)
        assert module.decay_from == 1.0
    assert (found.split.by, found.split.test_share, found.augment.flip) == ("subject", 0.2, True)


def test_demo_after_paper_is_the_committed_file(
    params: Path, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    committed = (repository / "params.yaml").read_bytes()
    profile("demo", params)
    assert params.read_bytes() == committed
    profile("paper", params)
    assert params.read_bytes() != committed
    profile("demo", params)
    assert params.read_bytes() == committed
    assert "profile demo, 0 values changed" in capsys.readouterr().out.splitlines()[0]


def test_only_the_values_of_the_profile_change(params: Path) -> None:
    text = re.sub(r"seed: \d+", "seed: 11", params.read_text(encoding="utf-8"))
    text = text.replace("root: data/demo/rafd", "root: '/mein Ordner/RaFD'   # meins")
    text = re.sub(r"subjects: \{\}.*", "subjects:\n    rafd:\n      - '01'\n      - '02'", text)
    params.write_text(text, encoding="utf-8")
    profile("paper", params)
    after = params.read_text(encoding="utf-8")
    keys = {key.split(".")[1] for key in PROFILES["paper"]}
    changed = 0
    for old, new in zip(text.splitlines(), after.splitlines(), strict=True):
        if old != new:
            changed += 1
            assert re.sub(r": \S+", "", old) == re.sub(r": \S+", "", new)
            assert old.split(":")[0].strip() in keys
    assert changed >= 8
    assert load(params).figures.allowed("rafd") == ["01", "02"]
    assert load(params).split.seed == load(params).transfer.seed == 11


def test_the_baselines_are_trained_as_the_papers_model_is(params: Path) -> None:
    shared = ("width", "d_width", "jitter", *Optimisation.model_fields)
    for name in PROFILES:
        profile(name, params)
        found = load(params)
        for key in shared:
            assert getattr(found.baseline, key) == getattr(found.transfer, key), (name, key)
        assert found.baseline.adversarial == found.transfer.mu1
        assert found.baseline.l1 == found.transfer.mu2


def test_what_one_profile_sets_the_other_sets_too() -> None:
    assert set(PROFILES["paper"]) == set(PROFILES["demo"])
    assert not set(PROFILES["paper"]) & set(COMMON)


def test_an_unknown_profile(params: Path) -> None:
    with pytest.raises(UserError, match='no profile "papr"; say paper or demo'):
        profile("papr", params)


def test_a_params_file_that_is_wrong_already_is_left_alone(params: Path) -> None:
    params.write_text(params.read_text(encoding="utf-8").replace("mu2:", "mu_2:"), encoding="utf-8")
    before = params.read_bytes()
    with pytest.raises(UserError, match="mu"):
        profile("paper", params)
    assert params.read_bytes() == before
