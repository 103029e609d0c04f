"""params.yaml as a file: read, explained where it is wrong, and overlaid by dotted keys."""

from __future__ import annotations

import copy
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from fet_core.errors import UserError, as_yaml
from fet_core.files import atomic_path, check_file, shown
from fet_core.params import Params


def read_yaml(path: Path) -> Any:
    """The plain content of a YAML 1.2 file (`1e-05` is a number there).

    Raises:
        UserError: the file is missing or is not YAML.
    """
    todo = "name one with --params or work in the project's top folder"
    check_file(path, "there is no params file", todo)
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(Path(path))
    except OSError as error:
        raise UserError(f"{shown(path)} cannot be read ({error.strerror}); name another") from error
    except (YAMLError, ValueError, RecursionError) as error:
        # A plain ValueError is text that is no UTF-8, or a date or number that cannot be; the
        # reader is as deep in calls as the text in brackets.
        where = getattr(error, "problem_mark", None)
        line = f" (line {where.line + 1})" if where else ""
        raise UserError(f"{path} is not valid YAML{line}; mend it or check it out again") from error


def load(path: Path) -> Params:
    """Read and validate a params file.

    Raises:
        UserError: the file is missing or no YAML, or has an unknown key, a missing section or a
            value of the wrong type or out of range; the message names the key.
    """
    value = read_yaml(path)
    if not isinstance(value, dict):
        raise UserError(f"{path} does not hold sections with keys; check it out again")
    try:
        return Params.model_validate(value)
    except ValidationError as error:
        raise UserError(f"{path}: {explain(error)}") from error


def explain(error: ValidationError, model: type[BaseModel] = Params) -> str:
    """The first of a model's complaints as one sentence: key, value found, values allowed.

    Args:
        error: what the model raised.
        model: the model.
    """
    # A value that fits none of several types has a complaint for each.
    complaints: dict[str, ErrorDetails] = {}
    for each in error.errors():
        complaints.setdefault(_place(model, each["loc"])[0], each)
    first, *others = complaints.values()
    key, kind = _place(model, first["loc"])
    found = first["input"]
    if first["type"] == "extra_forbidden":
        reason = f'there is no parameter "{key}"; mend the name'
    elif first["type"] == "missing":
        reason = f'"{key}" is missing; add it'
    elif first["type"] == "value_error":
        reason = str(first["ctx"]["error"])
    elif first["loc"][-1] == "[key]":
        reason = f'"{key}" is named {as_yaml(found)}, which is no text; put the name in quotes'
    else:
        allowed = describe(kind)
        if isinstance(found, float) and not math.isfinite(found):
            allowed = allowed.replace("a number", "a finite number")
        reason = f'"{key}" is {as_yaml(found)}, but must be {allowed}; mend it'
    more = f" ({len(others)} more like it)" if others else ""
    return reason + more


def describe(kind: Any, limits: Sequence[Any] = ()) -> str:
    """What a field may hold, in words: "a number of 0 or more", "subject or image".

    Args:
        kind: the field's type, plain or `Annotated`.
        limits: of that type, as `annotated_types` has them.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated:
        named = [
            limit
            for item in inner[1:]
            for limit in (item.metadata if isinstance(item, FieldInfo) else [item])
        ]
        return describe(inner[0], named)
    if origin is Literal:
        return _listed([str(value) for value in inner])
    if origin in (Union, UnionType):
        return _listed([describe(part, limits) for part in inner])
    if origin is list:
        at_least = " with one entry or more" if _limit(limits, "min_length") else ""
        return f"a list{at_least}, each entry {describe(inner[0])}"
    if kind is bool:
        return "true or false"
    if kind is type(None):
        return "null"
    if kind is str:
        return "a text that is not empty" if _limit(limits, "min_length") else "a text in quotes"
    if kind in (int, float):
        return ("a whole number" if kind is int else "a number") + _range(limits)
    return "a section with keys of its own"


def _range(limits: Sequence[Any]) -> str:
    least, most = _limit(limits, "ge"), _limit(limits, "le")
    above, below = _limit(limits, "gt"), _limit(limits, "lt")
    parts = []
    if least is not None and most is not None:
        parts.append(f"from {least:g} to {most:g}")
    elif least is not None:
        parts.append(f"of {least:g} or more")
    elif most is not None:
        parts.append(f"of {most:g} or less")
    if above is not None:
        parts.append(f"above {above:g}")
    if below is not None:
        parts.append(f"below {below:g}")
    words = " and ".join(parts)
    step = _limit(limits, "multiple_of")
    return (f" {words}" if words else "") + (f", a multiple of {step:g}" if step else "")


def _limit(limits: Sequence[Any], name: str) -> Any:
    return next((getattr(each, name) for each in limits if hasattr(each, name)), None)


def _listed(words: Sequence[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def _place(model: type[BaseModel], path: Sequence[int | str]) -> tuple[str, Any]:
    """The dotted key of a complaint's place, and what may stand there."""
    kind: Any = model
    keys: list[str] = []
    for part in path:
        bare = _bare(kind)
        if isinstance(bare, type) and issubclass(bare, BaseModel):
            field = bare.model_fields.get(str(part))
            kind = Any if field is None else Annotated[(field.annotation, *field.metadata, None)]
        elif get_origin(bare) in (dict, list) and part != "[key]":
            kind = get_args(bare)[-1]
        else:
            break
        keys.append(str(part))
    return ".".join(keys), kind


def _bare(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


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
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is in no UTF-8; save it in that encoding") from error
    # Not dumped again by ruamel, which changes spaces, "~" and the places of comments.
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
