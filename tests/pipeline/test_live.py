"""What DVCLive writes: one line an epoch, at the place of the epoch on the axis of all models."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.train import LiveRecorder


@pytest.mark.parametrize("counts", [1, 2])
def test_an_epoch_stands_where_as_many_truths_were_seen(
    counts: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    recorder = LiveRecorder(tmp_path / "live", tmp_path / "growing", counts)
    for number, value in ((1, 0.25), (2, 0.5)):
        recorder.epoch(number, {"ssim": value})
    recorder.close()
    lines = (tmp_path / "live/plots/metrics/ssim.tsv").read_text().splitlines()
    assert lines == ["step\tssim", f"{counts}\t0.25", f"{2 * counts}\t0.5"]


def test_nothing_is_sent_whoever_is_logged_in_to_a_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: Path
) -> None:
    import dvclive.live
    import dvclive.studio

    sent: list[object] = []
    monkeypatch.setenv("DVC_STUDIO_TOKEN", "token")
    monkeypatch.setenv("DVC_STUDIO_REPO_URL", "https://example.org/repo")
    monkeypatch.setattr(dvclive.studio, "post_live_metrics", lambda *given, **_: sent.append(given))
    monkeypatch.delenv("DVC_ROOT", raising=False)
    recorder = LiveRecorder(tmp_path / "live", tmp_path / "growing")
    recorder.epoch(1, {"loss": 0.5})
    recorder.close()
    assert sent == []
    # And of what DVC itself would send there.
    assert "offline = true" in (repository / ".dvc" / "config").read_text(encoding="utf-8")
