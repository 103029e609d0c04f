"""Trials with params files: values, keys and YAML of every kind; and damaged locks of DVC."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trials import damage
from trials.commands import TOP, begin, finish, judged
from trials.damage import Rng
from trials.engine import MIB, REJECTED, RESULT, Kind, Limits, Wrong, note


@dataclass(frozen=True)
class Sound:
    """The committed params: their text, and what they hold."""

    text: str
    content: dict[str, Any]


def _prepare(folder: Path) -> Sound:
    from fet_core.paramsfile import read_yaml

    path = TOP / "params.yaml"
    return Sound(path.read_text(encoding="utf-8"), read_yaml(path))


def _trial(sound: Sound, rng: Rng, folder: Path) -> str:
    from fet_core.paramsfile import load

    path = folder / "params.yaml"
    way: tuple[Any, ...] = ()
    value: Any = None
    how = rng.random()
    if how < 0.6:
        content, said, way, value = damage.altered(sound.content, rng)
        path.write_text(_yaml(content), encoding="utf-8", errors="surrogatepass")
    elif how < 0.72:
        harmed, said = damage.harm(sound.text.encode(), rng)
        path.write_bytes(harmed)
    elif how < 0.76:
        path.write_text(sound.text, encoding="utf-8")
        said = damage.odd_file(path, rng)
    else:
        name = list(TEXTS)[rng.integers(len(TEXTS))]
        said, made = name, TEXTS[name](sound.text)
        path.write_bytes(made if isinstance(made, bytes) else made.encode("utf-8", "surrogatepass"))
    note(said)
    # A command that says what it does to them, and one that writes them.
    if rng.random() < 0.1:
        return _profile(path)
    if rng.random() < 0.1:
        return judged(finish(begin("check", "--dataset", "rafd", "--params", path)), "fet check")
    loaded = load(path)
    if way:
        _held(loaded.model_dump(), way, value)
    return RESULT


def _yaml(content: dict[str, Any]) -> str:
    """As JSON, which is YAML, but for numbers that JSON does not have."""
    text = json.dumps(content)
    return text.replace("NaN", ".nan").replace("-Infinity", "-.inf").replace("Infinity", ".inf")


def _held(found: Any, way: tuple[Any, ...], value: Any) -> None:
    """Raise `Wrong` where another value was taken than the file has."""
    for part in way:
        found = found[part]
    if isinstance(value, dict | list):
        return
    if isinstance(found, float) and type(value) is int:
        value = float(value)  # as the type has it, which rounds beyond 2**53
    same = found == value and isinstance(found, bool) == isinstance(value, bool)
    if not same:
        raise Wrong("silent", f"{'.'.join(map(str, way))} was taken as {found!r}, not {value!r}")
    if isinstance(found, float) and not math.isfinite(found):
        raise Wrong("silent", f"{'.'.join(map(str, way))} was taken, and is {found}")


def _profile(path: Path) -> str:
    """`fet profile` leaves a params file that can be loaded, or as it was."""
    from fet_core.paramsfile import load

    before = path.read_bytes() if path.is_file() else b""
    found = judged(finish(begin("profile", "tiny", "--params", path)), "fet profile")
    if found == RESULT:
        if load(path).align.size != 64:
            raise Wrong("silent", "fet profile did not put its values in")
    elif before and path.is_file() and path.read_bytes() != before:
        raise Wrong("silent", "fet profile refused, and changed the file")
    return found


def _laughs(text: str) -> str:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "\n".join(lines) + "\n" + text


def _laughs_inside(text: str) -> str:
    head = _laughs("")
    return head + text.replace("  scales: ", "  scales: *a9\n  more: ")


TEXTS: dict[str, Callable[[str], str | bytes]] = {
    "empty": lambda text: "",
    "comments alone": lambda text: "# nothing\n",
    "a list": lambda text: "- 1\n- 2\n",
    "a text": lambda text: "params\n",
    "a number": lambda text: "7\n",
    "Windows lines": lambda text: text.replace("\n", "\r\n"),
    "a byte order mark": lambda text: "\ufeff" + text,
    "UTF-16": lambda text: text.encode("utf-16"),
    "Latin-1": lambda text: text.encode("latin-1", "replace") + b"# \xe4\xff\n",
    "tabs": lambda text: text.replace("  ", "\t"),
    "a tab at an end": lambda text: text.replace("size: 96", "size: 96\t"),
    "a null byte": lambda text: text.replace("size: 96", "size: 96\0"),
    "a key twice": lambda text: text.replace("  size: 96", "  size: 64\n  size: 96"),
    "a section twice": lambda text: text + "\nalign:\n  size: 64\n",
    "two documents": lambda text: text + "\n---\n" + text,
    "a directive": lambda text: "%YAML 1.1\n---\n" + text,
    "an anchor": lambda text: text.replace("size: 96", "size: &s 96").replace(
        "width: 32", "width: *s"
    ),
    "an alias of nothing": lambda text: text.replace("size: 96", "size: *nowhere"),
    "an alias of itself": lambda text: text.replace("  scales:", "  scales: &me [*me]\n  x:"),
    "a section in itself": lambda text: text.replace("align:\n", "align: &me\n  me: *me\n"),
    "a billion laughs": _laughs,
    "a billion laughs in a list": _laughs_inside,
    "a merge": lambda text: text.replace("landmarks:", "landmarks:\n  <<: {readings: 3}"),
    "deep brackets": lambda text: "a: " + "[" * 20_000 + "]" * 20_000 + "\n" + text,
    "deep sections": lambda text: "".join(f"{' ' * n}a:\n" for n in range(3000)) + text,
    "a long number": lambda text: text.replace("size: 96", f"size: {'9' * 10_000}"),
    "a long line": lambda text: text.replace("size: 96", f"size: {'x' * 3_000_000}"),
    "a Python object": lambda text: text.replace(
        "size: 96", "size: !!python/object/apply:os.abort []"
    ),
    "a tag": lambda text: text.replace("size: 96", "size: !secret 96"),
    "a date": lambda text: text.replace("size: 96", "size: 2001-12-14"),
    "a date that is none": lambda text: text.replace("size: 96", "size: 2001-99-99"),
    "octal": lambda text: text.replace("size: 96", "size: 0o140"),
    "old octal": lambda text: text.replace("size: 96", "size: 0140"),
    "sixties": lambda text: text.replace("size: 96", "size: 1:36"),
    "an underscore": lambda text: text.replace("size: 96", "size: 9_6"),
    "yes": lambda text: text.replace("flip: true", "flip: yes"),
    "a set": lambda text: text.replace("size: 96", "size: !!set {96}"),
    "binary": lambda text: text.replace("size: 96", "size: !!binary AAAA"),
    "a key that is a list": lambda text: text + "\n? [1, 2]\n: 3\n",
    "a key that is nothing": lambda text: text + "\n? \n: 3\n",
    "a key that is a number": lambda text: text + "\n7: 3\n",
    "a long key": lambda text: text + f"\n{'k' * 2000}: 3\n",
    "a surrogate": lambda text: text.replace("size: 96", 'size: "\\ud800"'),
    "a name that leads out": lambda text: text.replace("  rafd:", "  ../../rafd:"),
    "a name with a shell in it": lambda text: text.replace("  rafd:", "  rafd; touch ran-code:"),
}
"""Ways to write a params file that a person, an editor or somebody of ill will may find."""

PARAMS = Kind(
    "params",
    "a params file with other values, other keys, other YAML",
    2.0,
    _prepare,
    _trial,
    Limits(30, 512 * MIB),
)


def _prepare_lock(folder: Path) -> Path:
    """A project of DVC's with nothing in it but the files that say what there is."""
    folder.mkdir(parents=True)
    for name in ("dvc.yaml", "dvc.lock", "params.yaml", ".dvcignore"):
        shutil.copy(TOP / name, folder / name)
    (folder / ".dvc").mkdir()
    own = (TOP / ".dvc" / "config").read_text(encoding="utf-8")
    (folder / ".dvc" / "config").write_text(own + "    no_scm = true\n", encoding="utf-8")
    return folder


def _trial_lock(project: Path, rng: Rng, folder: Path) -> str:
    top = folder / "project"
    shutil.copytree(project, top)
    name = str(rng.choice(["dvc.lock", "dvc.lock", "params.yaml", "dvc.yaml"]))
    content, said = damage.harm((top / name).read_bytes(), rng)
    (top / name).write_bytes(content)
    note(f"{name}: {said}")
    environment = os.environ | {"PYTHONPATH": str(TOP)}
    words = ("dvc", "status") if rng.random() < 0.5 else ("pipeline", "run")
    command = [sys.executable, "-m", *words]
    done = subprocess.run(
        command, cwd=top, env=environment, capture_output=True, text=True, check=False
    )
    told = done.stdout + done.stderr
    if done.returncode < 0:
        raise Wrong("crash", f"{command[2]} was killed by signal {-done.returncode}")
    if "Traceback (most recent call last)" in told:
        raise Wrong("traceback", told[-400:])
    if (top / name).read_bytes() != content and command[2] == "dvc":
        raise Wrong("silent", f"{name} is another one")
    if done.returncode and not told.strip():
        raise Wrong("traceback", f"{command[2]} ended with {done.returncode} and said nothing")
    return REJECTED if done.returncode else RESULT


LOCKS = Kind(
    "locks",
    "a damaged `dvc.lock`, `dvc.yaml` or params file, for `dvc status` and `fet run`",
    0.03,
    _prepare_lock,
    _trial_lock,
    Limits(120, 1024 * MIB),
)
