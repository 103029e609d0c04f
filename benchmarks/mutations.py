"""How sound `fet probe` is: constants and operators of fet_core are changed one by one.

    python benchmarks/mutations.py --count 60 --out metrics/mutations.json

Each change is made in a copy of the project, where `fet probe` runs as DVC would run it. A change
that no account shows is one after which DVC would take old results for new ones.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

TOP = Path(__file__).resolve().parents[1]
IDLE: tuple[str, ...] = (
    "synthesis",
    "weights",
    "__init__.py",
    "errors.py",
    "files.py",
    "progress.py",
    "parallel.py",
)
IDLE += ("probes.py", "paramsfile.py", "timing.py", "studies.py", "portrait.py", "report.py")
IDLE += ("charts.py", "sweeps.py", "acceleration.py", "ranks.py")
"""Modules that no stage's result depends on: the generator, messages, pages, photographs, GPUs."""

ASIDE: tuple[str, ...] = (
    "soft_mask",
    "face_mask",
    "paste",
    "_rise",
    "_drawn",
    "Survey",
    "Count",
    "survey",
    "_count",
)
ASIDE += ("lacking", "better_seed", "choose_device", "load_plus", "Plus", "_why_none")
ASIDE += ("upload", "Checkpoints", "_wrong_root")
ASIDE += ("Listing", "_short")
"""Functions of other modules that none depends on either: pasting, surveys, sentences, GPUs."""

COUNTS: tuple[str, ...] = (
    "_AT_A_TIME",
    "_TRUTHS_AT_A_TIME",
    "_BATCH",
    "_POOL_FROM",
    "KEPT",
    "save_seconds",
)
COUNTS += ("processes", "pool_from")
"""Constants and arguments that say how much is done at a time, and not what."""

ANY_BELOW_ZERO = (".reshape", ".circle")
"""Functions for which -2 is what -1 is: a length to be found, a spot that is filled."""

_NAMES = "which of two sentences refuses a name"
SAME = {
    "due = progress.step == total or time.monotonic() - saved > save_seconds": "when a checkpoint "
    "comes, to the last digit of a clock",
    "return nth, np.clip(scaled - nth, 0.0, np.nextafter(1.0, 0.25))": "the number just below 1 "
    "is the same from wherever one comes",
    "if count < wanted:": "where as many are there as are wanted, both ways take all",
    "shapes = place[..., 0] - 1j * place[..., 1]": "shapes that are all mirrored are as far apart",
    "sizes = {name: array.shape[2] for name, array in faces.items()}": "faces are square",
    "def _few(names: Sequence[str], most: int = 4) -> str:": "how many names a sentence tells",
    'names, owner = dict(part_names()), name.partition("/")[1]': _NAMES,
    'if known := [one for one in names if one.partition("/")[1] == owner]:': _NAMES,
    "files = 1": "a count that `fet check` tells",
}
"""Lines as a change makes them, after which every result is the same, and why it is."""

SWAPS = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "/",
    ast.Div: "*",
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.FloorDiv: "/",
    ast.Mod: "*",
    ast.Pow: "*",
}
SIGNS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Lt: "<", ast.LtE: "<="}
SIGNS |= {ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.FloorDiv: "//"}
SIGNS |= {ast.Mod: "%", ast.Pow: "**"}


@dataclass(frozen=True)
class Mutation:
    """A change of one place: the text from `start` to `end` of a file becomes `new`."""

    path: Path
    where: str
    start: int
    end: int
    old: str
    new: str

    def line(self) -> str:
        """What the line says after the change."""
        text = (TOP / self.path).read_bytes()
        start = text.rfind(b"\n", 0, self.start) + 1
        end = text.find(b"\n", self.end)
        return (
            (text[start : self.start] + self.new.encode() + text[self.end : end]).decode().strip()
        )

    def apply(self, top: Path) -> None:
        """Make the change in a copy of the project."""
        file = top / self.path
        text = file.read_bytes()
        assert text[self.start : self.end].decode() == self.old
        file.write_bytes(text[: self.start] + self.new.encode() + text[self.end :])


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def mutations(path: Path) -> Iterator[Mutation]:
    """All changes of a module: each number grown, each operator of arithmetic or order swapped."""
    text = (TOP / path).read_bytes()
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def place(line: int | None, column: int | None) -> int:
        assert line is not None
        assert column is not None
        return starts[line - 1] + column

    def walk(node: ast.AST, where: str) -> Iterator[Mutation]:
        if isinstance(node, ast.Raise | ast.JoinedStr | ast.Assert):
            return
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            return
        if isinstance(node, ast.Call) and ast.unparse(node.func) in (
            "Field",
            "bar",
            "track",
            "Style",
        ):
            # A limit decides what is refused, and never what comes out; a total what is shown.
            return
        if isinstance(node, ast.If) and isinstance(node.body[-1], ast.Raise):
            for other in node.orelse:
                yield from walk(other, where)
            return
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in COUNTS:
            return
        if isinstance(node, ast.keyword) and node.arg in COUNTS:
            return
        if isinstance(node, ast.arguments):
            named = [*node.posonlyargs, *node.args][-len(node.defaults) or None :]
            pairs: list[tuple[ast.arg, ast.expr | None]]
            pairs = [*zip(named, node.defaults, strict=False)]
            pairs += [*zip(node.kwonlyargs, node.kw_defaults, strict=False)]
            for argument, default in pairs:
                if default is not None and argument.arg not in COUNTS:
                    yield from walk(default, where)
            return
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(ANY_BELOW_ZERO):
            for child in [node.func, *node.args]:
                if not isinstance(child, ast.UnaryOp):
                    yield from walk(child, where)
            return
        if isinstance(node, ast.AnnAssign):
            # The annotation is no behaviour.
            if node.value is not None:
                yield from walk(node.value, where)
            return
        if getattr(node, "name", None) in ASIDE:
            return
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            where = f"{where}.{node.name}".strip(".")
        if isinstance(node, ast.Constant) and _is_number(value := node.value):
            begin = place(node.lineno, node.col_offset)
            end = place(node.end_lineno, node.end_col_offset)
            grown: float = value + 1 if isinstance(value, int) else value * 1.25 or 0.25
            yield Mutation(path, where, begin, end, text[begin:end].decode(), repr(grown))
        sides: list[tuple[ast.expr, ast.AST, ast.expr]] = []
        if isinstance(node, ast.BinOp):
            sides = [(node.left, node.op, node.right)]
        if isinstance(node, ast.Compare):
            every = [node.left, *node.comparators]
            sides = list(zip(every, node.ops, every[1:], strict=False))
        for left, op, right in sides:
            if type(op) in SWAPS:
                begin = place(left.end_lineno, left.end_col_offset)
                end = place(right.lineno, right.col_offset)
                between, sign = text[begin:end].decode(), SIGNS[type(op)]
                if between.count(sign) == 1:
                    new = between.replace(sign, SWAPS[type(op)])
                    yield Mutation(path, where, begin, end, between, new)
        # Bodies, not what stands above them: argument types and decorators are no behaviour.
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "type_params"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from walk(child, where)

    yield from walk(ast.parse(text), "")


def chosen(count: int, seed: str) -> list[Mutation]:
    """Some of all changes, spread over the modules, in an order that the seed decides."""
    files = [
        path.relative_to(TOP)
        for path in sorted((TOP / "fet_core").rglob("*.py"))
        if not any(part in IDLE for part in path.relative_to(TOP).parts)
    ]

    def rank(one: Mutation) -> str:
        key = f"{seed} {one.where} {one.old} {one.new} {one.start}"
        return hashlib.sha256(key.encode()).hexdigest()

    queues = [sorted(mutations(path), key=rank) for path in files]
    rounds = (queue[turn] for turn in range(count) for queue in queues if turn < len(queue))
    picked = [one for one, _ in zip(rounds, range(count * len(files)), strict=False)]
    every = [one for queue in queues for one in queue]
    # In each round of modules a different one is left out where they are too many.
    first = sorted(picked[: len(queues)], key=rank)
    return (first + picked[len(queues) :])[:count] if count < len(every) else every


def noticed(one: Mutation) -> list[str]:
    """The parts whose account is another one after a change; ["fails"] where a stage cannot run."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        ignored = shutil.ignore_patterns("__pycache__", "synthesis")
        for name in ("fet_core", "pipeline", "probes"):
            shutil.copytree(TOP / name, top / name, ignore=ignored)
        one.apply(top)
        done = subprocess.run(
            [sys.executable, "-m", "pipeline", "probe", "--processes", "1"],
            cwd=top,
            env=os.environ | {"PYTHONPATH": str(top)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            return ["fails"]
        names = [path.name for path in sorted((TOP / "probes").glob("*.json"))]
        return [
            Path(name).stem
            for name in names
            if (TOP / "probes" / name).read_bytes() != (top / "probes" / name).read_bytes()
        ]


def main() -> None:
    """Try the changes and write down what noticed each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--out", type=Path, default=TOP / "metrics" / "mutations.json")
    options = parser.parse_args()
    tried = chosen(options.count, options.seed)
    found = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for one, parts in zip(tried, pool.map(noticed, tried), strict=True):
            place = f"{one.path.as_posix()} {one.where}".strip()
            line = {"place": place, "becomes": one.line(), "noticed by": parts}
            if not parts and one.line() in SAME:
                line["changes no result"] = SAME[one.line()]
            found.append(line)
            said = ", ".join(parts) or line.get("changes no result", "NOBODY")
            print(f"{place}: {one.line()}: {said}", flush=True)
    same = sum("changes no result" in line for line in found)
    seen = sum(bool(line["noticed by"]) for line in found)
    share = seen / (len(found) - same)
    counts = {"tried": len(found), "noticed": seen, "change no result": same}
    result = counts | {"share": round(share, 3), "changes": found}
    text = json.dumps(result, indent=1, ensure_ascii=False)
    options.out.write_text(text + "\n", encoding="utf-8")
    print(f"{seen} of {len(found)} noticed, {same} change no result; {share:.1%}: {options.out}")


if __name__ == "__main__":
    main()
