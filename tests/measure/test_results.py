"""Files of results: what is written reads back, and what is old or damaged is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fet_core.errors import UserError
from fet_core.measure.comparable import TriplesDigest
from fet_core.measure.results import (
    METRICS,
    ROWS,
    SCHEMA,
    Compared,
    Scored,
    read_all,
    read_differences,
    read_list,
    read_row,
    write,
    write_compared,
    write_list,
    write_row,
    write_short,
)

HAPPY = {"model": "fet", "protocol": "transfer", "expression": "happy", "n": 3, "triples": "ab"}
TRIPLES = TriplesDigest("0123456789abcdef", 30, 4, 96)
WORDS = json.dumps(TRIPLES.as_dict())


def row(value: float | None = 0.5, ends: Any = (0.25, 0.75)) -> Scored:
    pair = None if ends is None else list(ends)
    intervals = {"transfer": {metric.key: pair for metric in METRICS}}
    return Scored(TRIPLES, {"transfer": {metric.key: value for metric in METRICS}}, intervals)


def test_a_row_reads_back_rounded_and_says_its_schema_and_triples(tmp_path: Path) -> None:
    path = tmp_path / "fet.json"
    write_row(path, row(0.123456789, (0.1234567, 0.7654321)))
    (stored,) = json.loads(path.read_text())
    assert list(stored) == ["schema", "triples", "transfer", "intervals"]
    assert stored["schema"] == SCHEMA
    assert stored["triples"] == {"digest": "0123456789abcdef", "n": 30, "people": 4, "size": 96}
    assert read_row(path) == row(0.123457, (0.123457, 0.765432))
    write_row(path, row(None, None))
    assert read_row(path) == row(None, None)


def test_dvc_shows_no_number_of_a_row(tmp_path: Path) -> None:
    """It makes a column of every number in a mapping, and passes over lists."""
    from dvc.repo.metrics.show import _extract_metrics

    path = tmp_path / "fet.json"
    write_row(path, row())
    assert _extract_metrics(json.loads(path.read_text()), path) is None
    write_short(path, "rafd", "fet", {"transfer": {"ssim": 0.5, "psnr": 20.0}})
    shown = _extract_metrics(json.loads(path.read_text()), path)
    assert shown == {"rafd": {"fet": {"ssim": 0.5, "psnr": 20.0}}}


def test_all_rows_come_in_the_order_of_the_tables(tmp_path: Path) -> None:
    for name in ("mine", *reversed(ROWS)):
        write_row(tmp_path / f"{name}.json", row())
    write_compared(tmp_path / "differences.json", Compared(TRIPLES, "fet", {}))
    write(tmp_path / "landmarks.json", {"one reading": {}})
    write_list(tmp_path / "expressions.json", [])
    write_short(tmp_path / "short/fet.json", "rafd", "fet", row().means)
    assert list(read_all(tmp_path)) == [*ROWS, "mine"]
    with pytest.raises(UserError, match=r"no results in .*empty; run `dvc repro` first"):
        read_all(tmp_path / "empty")


def test_the_short_file_holds_two_rounded_numbers_under_short_names(tmp_path: Path) -> None:
    means = {"transfer": {"ssim": 0.746349, "psnr": 20.85512, "nme": 0.05}, "oracle": {"ssim": 0.9}}
    write_short(tmp_path / "fet.json", "rafd", "fet", means)
    stored = json.loads((tmp_path / "fet.json").read_text())
    assert stored == {"rafd": {"fet": {"ssim": 0.7463, "psnr": 20.86}}}


def test_lists_are_rounded_too(tmp_path: Path) -> None:
    write_list(tmp_path / "b.json", [HAPPY | {"ssim": 0.1234567, "nme": None}])
    assert read_list(tmp_path / "b.json") == [HAPPY | {"ssim": 0.123457, "nme": None}]


def test_differences_read_back(tmp_path: Path) -> None:
    step = {"difference": 0.1, "low": -0.1, "high": 0.3}
    rows = {"copy": {"transfer": {"ssim": step, "nme": None}}, "cgan": {}}
    write_compared(tmp_path / "differences.json", Compared(TRIPLES, "fet", rows))
    assert read_differences(tmp_path / "differences.json") == Compared(TRIPLES, "fet", rows)


def broken(path: Path, **changes: Any) -> None:
    """A good row with some of its parts changed, or left out where they are None."""
    write_row(path, row())
    (content,) = json.loads(path.read_text())
    kept = {key: one for key, one in (content | changes).items() if one is not None}
    path.write_text(json.dumps([kept]))


@pytest.mark.parametrize(
    "ends",
    [[0.1], [0.1, 0.2, 0.3], [None, 0.2], ["a", "b"], [True, False], 0.1, {}, [0.1, float("nan")]],
)
def test_an_interval_is_a_pair_of_numbers_or_null(tmp_path: Path, ends: Any) -> None:
    path = tmp_path / "fet.json"
    broken(path, intervals={"transfer": {"ssim": None, "psnr": ends}})
    with pytest.raises(UserError) as error:
        read_row(path)
    assert str(error.value) == (
        f'{path} has no interval [low, high] of "psnr" in the protocol transfer; run `dvc repro` '
        "to make it again"
    )


@pytest.mark.parametrize(
    ("intervals", "said"),
    [
        ({"transfer": [0.1, 0.2]}, "no numbers of transfer"),
        (None, "no intervals of its protocols"),
        ([], "no intervals of its protocols"),
        ({"oracle": {}}, "no intervals of its protocols"),
    ],
)
def test_intervals_without_numbers(tmp_path: Path, intervals: Any, said: str) -> None:
    path = tmp_path / "fet.json"
    broken(path, intervals=intervals)
    with pytest.raises(UserError, match=rf"fet\.json has {said}; run `dvc repro`"):
        read_row(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"digest": "0123"},
        {"digest": 7},
        {"digest": "0123456789ABCDEF"},
        {"n": "30"},
        {"people": True},
        {"size": 96.0},
        {"more": 1},
    ],
)
def test_a_row_that_does_not_say_its_triples(tmp_path: Path, changes: dict[str, Any]) -> None:
    path = tmp_path / "fet.json"
    for wrong in (None, 7, TRIPLES.as_dict() | changes):
        broken(path, triples=wrong)
        with pytest.raises(UserError, match=r"does not say of which triples it is; run `dvc"):
            read_row(path)


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
    start = f'{{"schema": 4, "triples": {WORDS}, '
    path.write_text(content.replace("{", start, 1).replace(", }", "}"))
    with pytest.raises(UserError) as error:
        read_differences(path)
    assert str(error.value) == f"{path} {said}; run `make tables` to make it again"


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        *(({key: None}, key) for key in ("model", "protocol", "expression", "triples", "n")),
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
            f'row 2 of {path} has no "{key}" or a wrong one; run `make tables` to make it again'
        )


def test_not_a_number_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_row(tmp_path / "a.json", row(float("nan")))
    assert not (tmp_path / "a.json").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"transfer": {"ssim": 0.7', "is damaged"),
        ("", "is damaged"),
        ("[]", "older version"),
        ('{"transfer": {"ssim": 0.7, "psnr": 21.0, "n": 28}}', "older version"),
        ('{"schema": 3, "transfer": {}}', "has schema 3 where 4"),
        ('{"schema": 5, "transfer": {}}', "has schema 5 where 4"),
        ('{"schema": 4, "transfer": {}}', "does not say of which triples"),
        (f'{{"schema": 4, "triples": {WORDS}}}', "no numbers of the protocols"),
        (f'{{"schema": 4, "triples": {WORDS}, "rows": {{}}}}', "no numbers of the protocols"),
        *(
            (f'{{"schema": 4, "triples": {WORDS}, "transfer": {numbers}}}', said)
            for numbers, said in (
                ("7", 'no number "ssim" in the protocol transfer'),
                ('{"ssim": 0.5}', 'no number "psnr" in the protocol transfer'),
                ('{"ssim": "good"}', 'no number "ssim" in the protocol'),
            )
        ),
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
    for name, command in (("fet", "dvc repro"), ("cgan", "make tables")):
        with pytest.raises(UserError, match=f"run `{command}` first"):
            read_row(tmp_path / f"none/{name}.json")
    path.write_text("{}")
    with pytest.raises(UserError, match="no list of rows"):
        read_list(path)


@pytest.mark.parametrize("schema", [True, 4.0, "4"])
def test_a_schema_is_a_whole_number(tmp_path: Path, schema: Any) -> None:
    path = tmp_path / "fet.json"
    broken(path, schema=schema)
    with pytest.raises(UserError, match="has schema"):
        read_row(path)
