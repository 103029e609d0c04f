"""Which modules of this project a file imports, read from its syntax tree; no test itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def sources(folder: str) -> list[Path]:
    """All Python files below a folder of the repository, relative to it."""
    return sorted(path.relative_to(ROOT) for path in (ROOT / folder).rglob("*.py"))


def imported_names(path: Path, typing_too: bool = False) -> set[str]:
    """Dotted names that a file imports anywhere, inside functions too.

    Args:
        path: relative to the repository.
        typing_too: also what stands under `if TYPE_CHECKING`, which never runs.
    """
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in _walk(tree, typing_too):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(path.parts[: len(path.parts) - node.level]) if node.level else ""
            module = ".".join(part for part in (above, node.module) if part)
            names |= {f"{module}.{alias.name}" for alias in node.names}
    return names


def _walk(node: ast.AST, typing_too: bool) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if typing_too or not _is_typing_block(child):
            yield from _walk(child, typing_too)


def _is_typing_block(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
