"""Files of results: what is written reads back, and what is old or damaged is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fet_core.errors import UserError
from fet_core.evaluation.results import (
    METRICS,
    ROWS,
    SCHEMA,
    read,
    read_all,
    read_differences,
    read_intervals,
    read_list,
    read_row,
    write,
    write_list,
)

HAPPY = {"model": "fet", "protocol": "transfer", "expression": "happy", "n": 3}


def row(value: float | None = 0.5) -> dict[str, Any]:
    numbers: dict[str, Any] = {metric.key: value for metric in METRICS}
    return {"transfer": numbers | {"n": 30, "people": 4}}


def test_a_row_reads_back_rounded_and_says_its_schema(tmp_path: Path) -> None:
    path = tmp_path / "fet.json"
    write(path, row(0.123456789))
    assert json.loads(path.read_text())["schema"] == SCHEMA
    assert next(iter(json.loads(path.read_text()))) == "schema"
    assert read_row(path) == row(0.123457)
    write(path, row(None))
    assert read_row(path) == row(None)
    assert read(path)["transfer"]["n"] == 30


def test_all_rows_come_in_the_order_of_the_tables(tmp_path: Path) -> None:
    for name in ("mine", *reversed(ROWS)):
        write(tmp_path / f"{name}.json", row())
    write(tmp_path / "differences.json", {"model": "fet", "rows": {}})
    write_list(tmp_path / "expressions.json", [])
    assert list(read_all(tmp_path)) == [*ROWS, "mine"]
    with pytest.raises(UserError, match=r"no results in .*empty; run `dvc repro` first"):
        read_all(tmp_path / "empty")


def test_intervals_and_lists_are_rounded_too(tmp_path: Path) -> None:
    write(tmp_path / "a.json", {"transfer": {"ssim": (0.1234567, 0.7654321), "kid": None}})
    assert read(tmp_path / "a.json") == {"transfer": {"ssim": [0.123457, 0.765432], "kid": None}}
    assert read_intervals(tmp_path / "a.json") == read(tmp_path / "a.json")
    write_list(tmp_path / "b.json", [HAPPY | {"ssim": 0.1234567, "nme": None}])
    assert read_list(tmp_path / "b.json") == [HAPPY | {"ssim": 0.123457, "nme": None}]


def test_no_row_wins_by_kid() -> None:
    assert [metric.key for metric in METRICS if metric.better is None] == ["kid"]


def test_differences_read_back(tmp_path: Path) -> None:
    step = {"difference": 0.1, "low": -0.1, "high": 0.3}
    rows = {"copy": {"transfer": {"ssim": step, "kid": None}}, "cgan": {}}
    write(tmp_path / "differences.json", {"model": "fet", "rows": rows})
    assert read_differences(tmp_path / "differences.json") == ("fet", rows)


@pytest.mark.parametrize(
    "ends", ["[0.1]", "[0.1, 0.2, 0.3]", "[null, 0.2]", '["a", "b"]', "[true, false]", "0.1", "{}"]
)
def test_an_interval_is_a_pair_of_numbers_or_null(tmp_path: Path, ends: str) -> None:
    path = tmp_path / "fet.json"
    path.write_text(f'{{"schema": 2, "transfer": {{"ssim": null, "psnr": {ends}}}}}')
    with pytest.raises(UserError) as error:
        read_intervals(path)
    assert str(error.value) == (
        f'{path} has no interval [low, high] of "psnr" in the protocol transfer; run `dvc repro` '
        "to make it again"
    )


def test_intervals_without_numbers(tmp_path: Path) -> None:
    path = tmp_path / "fet.json"
    path.write_text('{"schema": 2, "transfer": [0.1, 0.2]}')
    with pytest.raises(UserError, match=r"fet\.json has no numbers of transfer; run `dvc repro`"):
        read_intervals(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{}", "does not say what is compared"),
        ('{"model": "fet"}', "does not say what is compared"),
        ('{"model": 7, "rows": {}}', "does not say what is compared"),
        ('{"model": "fet", "rows": {"copy": 7}}', "has no numbers of copy"),
        ('{"model": "fet", "rows": {"copy": {"oracle": 7}}}', "has no numbers of copy, oracle"),
        *(
            (
                f'{{"model": "fet", "rows": {{"copy": {{"oracle": {{"nme": {step}}}}}}}}}',
                'has no difference with low and high of "nme" to copy in the protocol oracle',
            )
            for step in (
                "0.1",
                "[0.1, 0.2]",
                '{"difference": 0.1, "low": 0.0}',
                '{"difference": 0.1, "low": null, "high": 0.2}',
            )
        ),
    ],
)
def test_a_difference_has_a_number_and_an_interval(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "differences.json"
    path.write_text(content.replace("{", '{"schema": 2, ', 1).replace(", }", "}"))
    with pytest.raises(UserError) as error:
        read_differences(path)
    assert str(error.value) == f"{path} {said}; run `dvc repro` to make it again"


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        *(({key: None}, key) for key in ("model", "protocol", "expression", "n")),
        ({"protocol": 7}, "protocol"),
        ({"n": "3"}, "n"),
        ({"n": True}, "n"),
        ({"ssim": "good"}, "ssim"),
        ({"read": [0.1]}, "read"),
    ],
)
def test_a_row_by_expression_has_its_names_and_numbers(
    tmp_path: Path, changes: dict[str, Any], key: str
) -> None:
    path = tmp_path / "expressions.json"
    broken = [HAPPY | changes]
    if None in changes.values():
        broken.append({name: value for name, value in HAPPY.items() if name != key})
    for wrong in broken:
        path.write_text(json.dumps([HAPPY, wrong]))
        with pytest.raises(UserError) as error:
            read_list(path)
        assert str(error.value) == (
            f'row 2 of {path} has no "{key}" or a wrong one; run `dvc repro` to make it again'
        )


def test_not_a_number_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write(tmp_path / "a.json", row(float("nan")))
    assert not (tmp_path / "a.json").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"transfer": {"ssim": 0.7', "is damaged"),
        ("", "is damaged"),
        ("[]", "older version"),
        ('{"transfer": {"ssim": 0.7, "psnr": 21.0, "n": 28}}', "older version"),
        ('{"schema": 1}', "has schema 1 where 2"),
        ('{"schema": 3, "transfer": {}}', "has schema 3 where 2"),
        ('{"schema": 2}', "no numbers of the protocols"),
        ('{"schema": 2, "rows": {}}', "no numbers of the protocols"),
        ('{"schema": 2, "transfer": 7}', 'no number "ssim" in the protocol transfer'),
        ('{"schema": 2, "transfer": {"ssim": 0.5}}', 'no number "psnr" in the protocol transfer'),
        ('{"schema": 2, "transfer": {"ssim": "good"}}', 'no number "ssim" in the protocol'),
    ],
)
def test_old_and_damaged_files_are_named_with_the_remedy(
    tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "fet.json"
    path.write_text(text)
    for reader in (read_row, lambda path: read_all(path.parent)):
        with pytest.raises(UserError, match=said) as error:
            reader(path)
        assert str(path) in str(error.value)
        assert "run `dvc repro`" in str(error.value)


def test_bytes_that_are_no_text_and_missing_files(tmp_path: Path) -> None:
    path = tmp_path / "fet.json"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="is damaged"):
        read_row(path)
    with pytest.raises(UserError, match="run `dvc repro` first"):
        read_row(tmp_path / "none.json")
    path.write_text("{}")
    with pytest.raises(UserError, match="no list of rows"):
        read_list(path)
