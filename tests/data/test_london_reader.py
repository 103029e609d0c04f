"""London: two folders; and the real set where it is at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from fet_core.data.ingest import check_ingested, ingest
from fet_core.data.readers import London

REAL = Path(
    os.environ.get("FET_LONDON", Path(__file__).parents[2].parent / "shared" / "data" / "london")
)


def test_two_folders(tmp_path, trees):
    listing = London().find(trees.london(tmp_path, people=2))
    assert not listing.rejects
    assert not listing.notes
    rows = {entry.sample_id: entry for entry in listing.entries}
    assert set(rows) == {"001_neutral", "001_happy", "002_neutral", "002_happy"}
    smile = rows["002_happy"]
    assert (smile.subject, smile.expression) == ("002", "happy")
    assert smile.path == "smiling_front/002_08.jpg"
    assert (smile.camera, smile.gaze) == ("090", "frontal")


def test_bad_names_and_a_missing_folder(tmp_path, trees):
    trees.picture(tmp_path / "smiling_front" / "001_08.jpg")
    trees.picture(tmp_path / "smiling_front" / "me.jpg")
    listing = London().find(tmp_path)
    assert [entry.subject for entry in listing.entries] == ["001"]
    assert [reject.path for reject in listing.rejects] == ["smiling_front/me.jpg"]
    assert any('no folder "neutral_front"' in note for note in listing.notes)


@pytest.mark.skipif(not REAL.is_dir(), reason=f"the London set is not at {REAL}")
def test_the_real_set(tmp_path, rule):
    split = rule(test_share=0.2)
    result = ingest("london", London(), REAL, split, processes=1)
    assert result.rejects.num_rows == 0
    assert result.manifest.num_rows == 164
    assert len(result.manifest["subject"].unique()) == 82
    assert set(result.manifest["channels"].to_pylist()) == {3}
    assert set(result.manifest["width"].to_pylist()) == {675}
    check_ingested(result, REAL, 0.0, tmp_path / "rejects.parquet")
