"""Progress in words: durations, rates, the plain lines and the live bar."""

from __future__ import annotations

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fet_core import progress
from fet_core.progress import bar, clock, duration, pace, track


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3, "0 s"),
        (0.2, "0 s"),
        (20, "20 s"),
        (99.4, "99 s"),
        (99.6, "2 min"),
        (240, "4 min"),
        (99.4 * 60, "99 min"),
        (99.6 * 60, "1.7 h"),
        (3.5 * 3600, "3.5 h"),
        (7200, "2 h"),
        (9.97 * 3600, "10 h"),
        (40 * 3600, "40 h"),
        (47.6 * 3600, "2 days"),
        (5 * 86400, "5 days"),
        (5.26 * 86400, "5.3 days"),
        (120 * 86400, "120 days"),
    ],
)
def test_a_duration_in_words(seconds: float, said: str) -> None:
    assert duration(seconds) == said


@given(st.floats(0, 1e9))
def test_what_is_said_is_near_what_is_meant(seconds: float) -> None:
    number, unit = duration(seconds).split(" ")
    meant = float(number) * {"s": 1, "min": 60, "h": 3600, "days": 86400}[unit]
    assert abs(meant - seconds) <= max(0.5, 0.26 * seconds)
    assert float(number) < 100 or unit == "days"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0:00"), (20, "0:20"), (240, "4:00"), (3723, "1:02:03"), (5 * 86400, "5 days")],
)
def test_a_duration_on_a_clock(seconds: float, said: str) -> None:
    assert clock(seconds) == said


@pytest.mark.parametrize(
    ("rate", "unit", "said"),
    [
        (6.0, "step", "6.0 steps/s"),
        (6.0, "steps", "6.0 steps/s"),
        (0.1, "step", "10.0 s a step"),
        (0.5, "people", "2.0 s a person"),
        (1.0, "pictures", "1.0 pictures/s"),
        (0.0, "pictures", "0.0 pictures/s"),
    ],
)
def test_a_pace(rate: float, unit: str, said: str) -> None:
    assert pace(rate, unit) == said


class Clock:
    """A clock that tests turn."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(progress, "time", found)
    return found


def test_plain_lines(time: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    with bar("Φ rafd", 1560, 0, "step") as advance:
        for step in range(1, 181):
            time.now = step / 6
            advance(1, f"epoch {step // 78 + 1}/20")
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "Φ rafd: 60/1560 steps, 6.0 steps/s, 10 s elapsed, 4 min left  epoch 1/20",
        "Φ rafd: 120/1560 steps, 6.0 steps/s, 20 s elapsed, 4 min left  epoch 2/20",
        "Φ rafd: 180/1560 steps, 6.0 steps/s, 30 s elapsed, 4 min left  epoch 3/20",
    ]


def test_what_was_done_before_counts_for_no_rate(
    time: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    with bar("Ω", 100, 90, "step") as advance:
        for _ in range(10):
            time.now += 2.0
            advance()
    assert capsys.readouterr().err.splitlines() == [
        "Ω: 95/100 steps, 2.0 s a step, 10 s elapsed, 10 s left",
        "Ω: 100/100 steps, 2.0 s a step, 20 s elapsed",
    ]


def test_short_work_says_nothing_and_unknown_totals_have_no_end(
    time: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    assert list(track([1, 2], "quick")) == [1, 2]
    assert capsys.readouterr().err == ""
    for _ in track(iter([1, 2]), "casting", unit="people"):
        time.now += 6.0
    assert capsys.readouterr().err == "casting: 2 people, 6.0 s a person, 12 s elapsed\n"


def test_the_live_bar(time: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("TERM", "xterm")
    with bar("Φ rafd", 1560, 0, "step") as advance:
        for _ in range(120):
            time.now += 1 / 6
            advance(1, "epoch 2/20")
    shown = terminal.getvalue()
    assert "120/1560" in shown
    assert "6.0 steps/s, 0:20 elapsed, 4:00 left" in shown
    assert "epoch 2/20" in shown
