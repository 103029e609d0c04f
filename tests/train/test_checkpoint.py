"""Checkpoints: all comes back bit for bit, damage is noticed, two are kept, names tell runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from fet_core.errors import UserError
from fet_core.files import sha256
from fet_core.train.checkpoint import Checkpoints, Progress, fingerprint


class Run:
    """A net with BatchNorm and Adam that can be trained for some steps."""

    def __init__(self, folder: Path, seed: int = 0) -> None:
        torch.manual_seed(seed)
        self.net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
        self.adam = torch.optim.Adam(self.net.parameters(), lr=0.01, betas=(0.5, 0.999))
        self.checkpoints = Checkpoints(folder, {"a": self.net}, {"a": self.adam})

    def train(self, start: int, steps: int) -> None:
        for step in range(start, start + steps):
            x = torch.rand(8, 3, generator=torch.Generator().manual_seed(step))
            self.adam.zero_grad()
            self.net(x).square().mean().backward()
            self.adam.step()

    def state(self) -> dict[str, torch.Tensor]:
        state = {f"net/{key}": value for key, value in self.net.state_dict().items()}
        for number, values in self.adam.state_dict()["state"].items():
            state |= {f"adam/{number}/{key}": value for key, value in values.items()}
        return {key: value.clone() for key, value in state.items()}


def equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return set(a) == set(b) and all(torch.equal(a[key], b[key]) for key in a)


def progress(step: int) -> Progress:
    sums = {"loss": torch.tensor(1 / 3), "other": torch.tensor(0.1, dtype=torch.float64)}
    return Progress(step, sums, [{"loss": 0.1 + 0.2, "psnr": 1e-17}, {"loss": 2.0}])


def test_nothing_saved_is_none(tmp_path: Path) -> None:
    assert Run(tmp_path / "none").checkpoints.load() is None
    assert not (tmp_path / "none").exists()


def test_nets_adam_sums_and_history_come_back_bit_for_bit(tmp_path: Path) -> None:
    first, second = Run(tmp_path), Run(tmp_path, seed=1)
    first.train(0, 5)
    second.train(9, 2)
    first.checkpoints.save(progress(5))
    assert not equal(first.state(), second.state())
    found = second.checkpoints.load()
    assert found is not None
    assert equal(first.state(), second.state())
    assert found.step == 5
    assert found.history == progress(5).history
    assert equal(found.sums, progress(5).sums)
    assert {key: value.dtype for key, value in found.sums.items()} == {
        "loss": torch.float32,
        "other": torch.float64,
    }
    first.train(5, 4)
    second.train(5, 4)
    assert equal(first.state(), second.state())


def test_the_last_two_are_kept_with_their_checksums(tmp_path: Path) -> None:
    run = Run(tmp_path)
    for step in (8, 9, 10, 100):
        run.checkpoints.save(progress(step))
    names = [path.name for path in sorted(tmp_path.iterdir())]
    steps = ("step-000000010", "step-000000100")
    assert names == [f"{step}.{suffix}" for step in steps for suffix in ("pt", "sha256")]


def damage(path: Path, how: str) -> None:
    if how == "byte":
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    elif how == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    else:
        path.with_suffix(".sha256").unlink()


@pytest.mark.parametrize("how", ["byte", "truncated", "no checksum"])
def test_a_damaged_one_is_passed_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    run = Run(tmp_path)
    run.checkpoints.save(progress(1))
    wanted = run.state()
    run.train(0, 3)
    run.checkpoints.save(progress(2))
    damage(tmp_path / "step-000000002.pt", how)
    other = Run(tmp_path, seed=1)
    found = other.checkpoints.load()
    assert found is not None
    assert found.step == 1
    assert equal(other.state(), wanted)
    message = capsys.readouterr().err
    assert "step-000000002.pt is damaged" in message
    assert message.count("\n") == 1


def test_damaged_ones_do_not_push_out_sound_ones(tmp_path: Path) -> None:
    run = Run(tmp_path)
    for step in (90, 100):
        run.checkpoints.save(progress(step))
        damage(tmp_path / f"step-{step:09d}.pt", "byte")
    assert run.checkpoints.load() is None
    run.train(0, 1)
    for step in (1, 2, 3):
        run.checkpoints.save(progress(step))
    found = Run(tmp_path).checkpoints.load()
    assert found is not None
    assert found.step == 3


def test_the_fingerprint_changes_with_every_part() -> None:
    parts = {"options": {"mu2": 100.0, "seed": 7}, "files": {"faces": "ab"}, "device": "cpu"}
    variants = [
        parts,
        parts | {"options": {"mu2": 50.0, "seed": 7}},
        parts | {"options": {"mu2": 100.0, "seed": 8}},
        parts | {"files": {"faces": "ac"}},
        parts | {"files": {"triples": "ab"}},
        parts | {"device": "cuda"},
    ]
    assert len({fingerprint(variant) for variant in variants}) == len(variants)
    assert fingerprint(dict(reversed(parts.items()))) == fingerprint(parts)
    assert len(fingerprint(parts)) == 16


@pytest.mark.parametrize("where", ["a weight", "a buffer", "a moment"])
def test_what_diverged_replaces_no_sound_checkpoint(tmp_path: Path, where: str) -> None:
    run = Run(tmp_path)
    run.train(0, 3)
    run.checkpoints.save(progress(3))
    moment = run.adam.state_dict()["state"][0]["exp_avg_sq"]
    broken = {"a weight": run.net[2].bias, "a buffer": run.net[1].running_var, "a moment": moment}
    with torch.no_grad():
        broken[where][0] = float("inf")  # type: ignore[index]
    with pytest.raises(UserError) as raised:
        run.checkpoints.save(progress(4))
    said = str(raised.value)
    assert "diverged" in said
    assert "is no finite number after step 4" in said
    assert f"{tmp_path / 'step-000000003.pt'} is the last sound checkpoint" in said
    assert not (tmp_path / "step-000000004.pt").exists()
    found = Run(tmp_path, seed=1).checkpoints.load()
    assert found is not None
    assert found.step == 3


def test_what_is_no_file_or_has_no_text_is_passed_over(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.checkpoints.save(progress(3))
    (tmp_path / "step-000000004.pt").mkdir()
    (tmp_path / "step-000000005.pt").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "step-000000006.pt")
    (tmp_path / "step-000000007.pt").write_bytes(b"x")
    (tmp_path / "step-000000007.sha256").write_bytes(b"\xff\xfe\x80")
    found = Run(tmp_path, seed=1).checkpoints.load()
    assert found is not None
    assert found.step == 3


def test_a_folder_in_the_place_of_an_old_checksum_goes_too(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.checkpoints.save(progress(1))
    (tmp_path / "step-000000001.sha256").unlink()
    (tmp_path / "step-000000001.sha256" / "in it").mkdir(parents=True)
    for step in (2, 3):
        run.checkpoints.save(progress(step))
    assert not [path for path in tmp_path.iterdir() if "000000001" in path.name]


class Code:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("ran-code",)


def signed(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """What a change returns, or the content that it has changed, with a right checksum."""
    content = torch.load(path, weights_only=True)
    found = change(content)
    torch.save(content if found is None else found, path)
    path.with_suffix(".sha256").write_text(sha256(path), encoding="utf-8")


@pytest.mark.parametrize(
    "change",
    [
        lambda found: 7,
        lambda found: Code(),
        lambda found: found["states"].pop("net/a") and None,
        lambda found: found["states"]["net/a"].update({"0.weight": torch.zeros(3, 7)}),
        lambda found: found["progress"].update(step=-1),
        lambda found: found["progress"].update(step=None),
        lambda found: found["progress"].update(sums={"loss": "a"}),
        lambda found: found["progress"].update(history=[{"loss": "a"}]),
        lambda found: found["progress"].update(history=7),
        lambda found: found["progress"].update(more=7),
    ],
)
def test_what_is_no_state_of_the_run_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[dict[str, Any]], Any]
) -> None:
    monkeypatch.chdir(tmp_path)
    run = Run(tmp_path)
    run.train(0, 1)
    run.checkpoints.save(progress(1))
    signed(tmp_path / "step-000000001.pt", change)
    with pytest.raises(UserError, match=r"step-000000001\.pt does not hold a state of this"):
        Run(tmp_path).checkpoints.load()
    assert not (tmp_path / "ran-code").exists()
