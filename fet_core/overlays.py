"""Values by dotted key, as "fusion.lambda1", and how they come into the params."""

from __future__ import annotations

import copy
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fet_core.errors import UserError
from fet_core.files import atomic_path
from fet_core.params import Params, explain, load

Values = dict[str, Any]
"""By dotted key."""


def overlaid(params: Params, values: Mapping[str, Any]) -> Params:
    """The params with some values, validated.

    Args:
        params: as a file has them.
        values: by dotted key.
    """
    return Params.model_validate(with_values(params.model_dump(), values))


def with_values(params: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the params' content with other values under dotted keys."""
    changed = copy.deepcopy(dict(params))
    for dotted, value in values.items():
        *above, last = dotted.split(".")
        look_up(changed, ".".join(above))[last] = copy.deepcopy(value)
    return changed


def look_up(tree: Any, dotted: str) -> Any:
    """What lies in nested mappings under a dotted key; KeyError or TypeError where nothing does."""
    for part in dotted.split(".") if dotted else ():
        tree = tree[part]
    return tree


def has(tree: Any, dotted: str) -> bool:
    """Whether something lies under a dotted key."""
    try:
        look_up(tree, dotted)
    except (KeyError, TypeError):
        return False
    return True


def is_value(tree: Any, dotted: str) -> bool:
    """Whether a value lies under a dotted key, and no section."""
    return has(tree, dotted) and not isinstance(look_up(tree, dotted), dict)


def checked(params: Any, where: str) -> dict[str, Any]:
    """The content of a params file as validated; `UserError` that begins with `where`."""
    if not isinstance(params, dict):
        raise UserError(f"{where} does not hold sections with keys; check it out again")
    try:
        return Params.model_validate(params).model_dump()
    except ValidationError as error:
        raise UserError(f"{where}: {explain(error)}") from error


def may_be_set(params: Mapping[str, Any], dotted: str) -> bool:
    """Whether an overlay may set a key: one there is, all data sets, or a whole new one."""
    section, *rest = dotted.split(".")
    return (section == "datasets" and len(rest) < 2) or (bool(rest) and has(params, dotted))


def short_names(keys: list[str]) -> dict[str, str]:
    """The last part of each dotted key, or the whole key where two end alike."""
    last = {key: key.rsplit(".", 1)[-1] for key in keys}
    ends = list(last.values())
    return {key: end if ends.count(end) == 1 else key for key, end in last.items()}


def dump_yaml(params: Mapping[str, Any]) -> str:
    """A params file's text, in block style and without comments."""
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    text = io.StringIO()
    yaml.dump(dict(params), text)
    return text.getvalue()


def put_values(path: Path, values: Mapping[str, Any]) -> int:
    """Put values into a params file, of which every other byte stays as it is.

    Args:
        path: the params file.
        values: by dotted key, as "transfer.mu2"; none stands for a list or section in the file.

    Returns:
        how many values changed.

    Raises:
        UserError: the file is missing or is no valid params file, before or after.
    """
    from ruamel.yaml import YAML

    content = load(path).model_dump()
    text = path.read_bytes().decode("utf-8")
    # Not dumped again by ruamel, which in a file of somebody else's takes the space from under
    # lists, "~", and runs of spaces, and puts space before comments behind a shorter value.
    root = YAML(typ="safe", pure=True).compose(text)
    changed = []
    for dotted, value in values.items():
        if look_up(content, dotted) == value:
            continue
        key, node = root, root
        for part in dotted.split("."):
            key, node = next(pair for pair in node.value if pair[0].value == part)
        if node.id != "scalar":
            raise UserError(f"{path}: {dotted} is a list or section, which stays; set it by hand")
        start, end = node.start_mark.index, node.end_mark.index
        if start == end:
            # Nothing behind the colon: ruamel's mark is at what comes next.
            start = end = text.index(":", key.end_mark.index) + 1
        changed.append((start, end, _plain(value)))
    # From the end, so that the places of the others stay.
    for start, end, word in sorted(changed, reverse=True):
        gap = " " if text[start - 1] == ":" else ""
        text = text[:start] + gap + word + text[end:]
    if changed:
        with atomic_path(path) as temporary:
            temporary.write_bytes(text.encode("utf-8"))
            load(temporary)
    return len(changed)


def _plain(value: Any) -> str:
    """A value on one line, as YAML has it."""
    from ruamel.yaml import YAML

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style, yaml.width = True, 1 << 20
    line = io.StringIO()
    yaml.dump([value], line)
    return line.getvalue().strip()[1:-1]
