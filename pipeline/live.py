"""DVCLive as the training's recorder, and how a training stage ends when it is interrupted."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


class LiveRecorder:
    """Writes each epoch's metrics and sample grids with DVCLive.

    The folder starts empty: a resumed run hands in its past epochs again, because DVC deletes a
    stage's outputs before it runs.

    Args:
        folder: metrics.json, plots/metrics/*.tsv and plots/images/*.png go there.
        epoch: what an epoch counts.
    """

    def __init__(self, folder: Path, epoch: int = 1) -> None:
        import os

        from dvclive import Live

        class Alone(Live):
            """Without DVC: Live would run `dvc init` in whatever Git repository it is in."""

            def _init_dvc(self) -> None:
                self._dvc_file = "dvc.yaml"

        inside = "DVC_ROOT" in os.environ
        kind = Live if inside else Alone
        self._epoch = epoch
        self._live = kind(str(folder), dvcyaml=None, save_dvc_exp=False, report=None)

    def epoch(self, number: int, metrics: Mapping[str, float]) -> None:
        """Metrics of an epoch, counted from 1."""
        self._live.step = number * self._epoch
        for name, value in metrics.items():
            self._live.log_metric(name, value, timestamp=False)
        self._live.next_step()

    def picture(self, number: int, path: Path) -> None:
        """The sample grid after an epoch."""
        self._live.step = number * self._epoch
        self._live.log_image(f"{self._live.step}.png", path)

    def close(self) -> None:
        """Write the last summary."""
        self._live.end()


@contextmanager
def exit_when_interrupted() -> Iterator[None]:
    """Turn a training's interruption into the exit code of its signal (130 or 143).

    Exit code 0 would let DVC take half-trained weights for finished ones.
    """
    from fet_core.training.loop import Interrupted

    try:
        yield
    except Interrupted as stop:
        print(f"fet: {stop}; the same command goes on from there", file=sys.stderr)
        raise SystemExit(stop.code) from None
