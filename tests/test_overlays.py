"""Values by dotted key, and putting them into somebody's params file without a trace."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fet_core.errors import UserError
from fet_core.paramsfile import dump_yaml, has, is_value, load, look_up, put_values, with_values

TOP = Path(__file__).resolve().parents[1]
TEXT = (TOP / "params.yaml").read_text(encoding="utf-8")


def flow(text: str) -> str:
    """Sections on one line, with spaces that nobody else writes."""
    return re.sub(
        r"landmarks:\n  eye: dlib #.*\n  readings: 12 #",
        "landmarks: { eye: dlib , readings: 12 , } # mine\n#",
        text,
    )


STYLES = {
    "committed": lambda text: text,
    "windows": lambda text: text.replace("\n", "\r\n"),
    "byte order mark": lambda text: f"\ufeff{text}",
    "document": lambda text: f"%YAML 1.2\n---\n{text}...\n",
    "no end": lambda text: text.rstrip("\n"),
    "wide": lambda text: re.sub(r"(?m)^( +\w+):(?= [\w.])", r"\1:   ", text),
    "four spaces": lambda text: re.sub(r"(?m)^( +)", r"\1\1", text),
    "dashes": lambda text: re.sub(r"(?m)^  - ", "      - ", text),
    "null": lambda text: text.replace("max_triples: 160", "max_triples: ~"),
    "nothing": lambda text: text.replace("max_triples: 160", "max_triples:"),
    "quotes": lambda text: text.replace(": spectral #", ": 'spectral'   # ").replace(
        ": subject", ': "subject"'
    ),
    "numbers": lambda text: text.replace("lr_g: 0.001 ", "lr_g: 1e-3   ").replace("40", "0x28"),
    "flow": flow,
    "trailing": lambda text: text.replace("\n\n", "  \n\n\n# more\n"),
}
"""The committed file as others might write it: ruamel writes each of these its own way again."""

KEYS = ("transfer.mu2", "transfer_plus.mu2", "fusion.epochs", "landmarks.readings")
KEYS += ("augment.max_triples", "fusion.lr_g", "transfer_plus.motion", "transfer.d_norm")
NUMBERS = st.floats(min_value=1e-9, max_value=1e9, allow_nan=False)
VALUES: dict[str, st.SearchStrategy[Any]] = dict.fromkeys(KEYS, NUMBERS) | {
    "fusion.epochs": st.integers(1, 10**6),
    "landmarks.readings": st.integers(1, 99),
    "augment.max_triples": st.none() | st.integers(1, 9),
    "transfer_plus.motion": st.booleans(),
    "transfer.d_norm": st.sampled_from(["spectral", "batch"]),
}


def other_lines(text: str) -> list[str]:
    """All lines but for the words behind the keys of `KEYS`."""
    last = "|".join(key.split(".")[1] for key in KEYS)
    return re.sub(rf"\b({last}):( *)[^\s,#]*", r"\1:", text).split("\n")


@pytest.mark.parametrize("style", STYLES)
@settings(max_examples=6)
@given(values=st.fixed_dictionaries({}, optional=VALUES))
def test_all_but_the_values_stays_byte_for_byte(
    style: str, values: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("params") / "params.yaml"
    before = STYLES[style](TEXT).encode("utf-8")
    path.write_bytes(before)
    content = load(path).model_dump()
    wanted = {key: look_up(content, key) for key in values}
    changed = put_values(path, values)
    assert changed == sum(wanted[key] != value for key, value in values.items())
    assert load(path).model_dump() == with_values(content, values)
    after = path.read_bytes()
    assert other_lines(after.decode("utf-8")) == other_lines(before.decode("utf-8"))
    if not changed:
        assert after == before
    put_values(path, wanted)
    if style in ("committed", "windows", "byte order mark", "document", "no end", "wide"):
        assert path.read_bytes() == before
    assert load(path).model_dump() == content


def test_what_is_refused_leaves_the_file(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(TEXT, encoding="utf-8")
    with pytest.raises(UserError, match=r"fusion\.epochs"):
        put_values(path, {"fusion.epochs": 0})
    with pytest.raises(UserError, match=r"align\.scales is a list or section, which stays"):
        put_values(path, {"transfer.mu2": 1.0, "align.scales": [1.0]})
    assert path.read_text(encoding="utf-8") == TEXT


def test_a_file_that_is_wrong_already(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(TEXT.replace("mu2:", "mu_2:"), encoding="utf-8")
    with pytest.raises(UserError, match="mu2"):
        put_values(path, {"fusion.epochs": 3})


def test_dotted_keys() -> None:
    tree = {"a": {"b": 1, "c": {}}}
    assert (look_up(tree, "a.b"), look_up(tree, "")) == (1, tree)
    assert [has(tree, key) for key in ("a.b", "a.c", "a.d", "a.b.x")] == [True, True, False, False]
    assert [is_value(tree, key) for key in ("a.b", "a.c", "a.d")] == [True, False, False]
    changed = with_values(tree, {"a.b": 2, "a.d": 3, "e": 4})
    assert changed == {"a": {"b": 2, "c": {}, "d": 3}, "e": 4}
    assert tree == {"a": {"b": 1, "c": {}}}


def test_the_text_of_params_is_read_as_what_it_is(tmp_path: Path) -> None:
    content = with_values(load(TOP / "params.yaml").model_dump(), {"fusion.lr_g": 1e-05})
    (tmp_path / "params.yaml").write_text(dump_yaml(content), encoding="utf-8")
    assert load(tmp_path / "params.yaml").model_dump() == content
