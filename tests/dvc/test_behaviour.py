"""What makes stages run again on the real dvc: what the code does, and not how it is written."""

from __future__ import annotations

import re
import sys

import pytest
from small_project import Project, stages_run


def note(project: Project, part: str) -> None:
    """Do for one part what the stage `probe` does for all."""
    project.run(sys.executable, "-m", "pipeline", "probe", "--only", part)
    project.dvc("commit", "-f", "probe")


@pytest.mark.slow
def test_a_moved_module_runs_the_probe_alone_and_a_constant_its_stages(project: Project) -> None:
    library = project.folder / "fet_core"
    (library / "train" / "losses.py").rename(library / "train" / "terms.py")
    for path in [*library.rglob("*.py"), *(project.folder / "pipeline").rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        moved = re.sub(r"fet_core\.train\.losses\b", "fet_core.train.terms", text)
        moved = moved.replace(
            "from fet_core.train import losses", "from fet_core.train import terms"
        )
        moved = re.sub(r"\blosses\.(discriminator|generator|l1)\b", r"terms.\1", moved)
        path.write_text(moved, encoding="utf-8")
    assert "fet_core.train.losses" not in (library / "train" / "paper.py").read_text("utf-8")
    assert stages_run(project.dvc("repro", "--dry")) == ["probe"]
    # One note and not all, for which it would take a minute: tests/test_probes.py has them all.
    note(project, "train_fusion")
    assert stages_run(project.dvc("repro")) == []
    changed = project.git("status", "--porcelain", "--", "probes", "metrics", "dvc.lock")
    assert changed.split() == ["M", "dvc.lock"]

    losses = library / "train" / "terms.py"
    text = losses.read_text(encoding="utf-8")
    white = "(b + 1) / 2, 1.0)"
    assert text.count(white) == 1
    losses.write_text(text.replace(white, "(b + 1) / 2, 2.0)"), encoding="utf-8")
    note(project, "train_transfer_plus")
    told = project.dvc("repro", "--dry")
    # What follows it would run where its weights change, which a dry run cannot know.
    assert stages_run(told)[0] == "train_transfer_plus"
    assert set(stages_run(told)) <= {"train_transfer_plus", "evaluate_plus"}
