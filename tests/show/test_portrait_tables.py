"""The tables of whole pictures: numbers as they are, in their columns."""

from __future__ import annotations

from pathlib import Path

from fet_core.files import write_json
from fet_core.show import portraits


def test_each_number_stands_below_its_name(tmp_path: Path) -> None:
    assert not portraits.there(tmp_path)
    row = {"cases": 4.0, "lost": 1.0, "ssim": 0.87654, "nme": 0.03456, "opening_reached": 0.816}
    for name in portraits.FILES:
        parts = {
            part: {"fet transfer": row, "unchanged": {"cases": 4.0, "lost": 4.0}}
            for file, part in (
                ("shipped/wild.json", "self"),
                ("shipped/wild.json", "cross"),
                ("shipped/portraits.json", "one person"),
                ("shipped/portraits.json", "two people"),
                ("shipped/portraits.json", "points"),
                ("shipped/reenactment.json", "dlib"),
                ("shipped/reenactment.json", "mesh"),
                ("shipped/reenactment.json", "points"),
            )
            if file == name
        }
        (tmp_path / name).parent.mkdir(exist_ok=True)
        write_json(tmp_path / name, parts)
    assert portraits.there(tmp_path)
    head, _, *rows = portraits.tables(tmp_path).splitlines()
    names = [cell.strip() for cell in head.strip("|").split("|")]
    cells = [cell.strip() for cell in rows[0].strip("|").split("|")]
    found = dict(zip(names, cells, strict=True))
    assert names[0] == "Wild, one person, 4 cases"
    assert cells[0] == "**`fet transfer`**"
    assert (found["SSIM"], found["NME"], found["opening reached"]) == ("0.877", "0.0346", "82%")
    assert found["lost"] == "1"
    assert "PSNR" not in found, "nothing has it"
    assert rows[1].startswith("| the target as it is | – |")
