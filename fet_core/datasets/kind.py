"""What later stages must know of a data set beyond its tables: kept in a small JSON file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from fet_core.errors import UserError, remedy
from fet_core.files import write_json


@dataclass(frozen=True)
class Kind:
    """How a data set is built; the folder that it came from is no part of it.

    Attributes:
        reader: "ckplus", "rafd" or "london".
        neutral_only: one expression of each triple is neutral, pictures pair within a sequence.
    """

    reader: str
    neutral_only: bool

    def write(self, path: Path) -> None:
        """Write as JSON."""
        write_json(path, asdict(self))

    @classmethod
    def read(cls, path: Path) -> Kind:
        """Read what `write` wrote.

        Raises:
            UserError: the file is missing or damaged.
        """
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
            return cls(reader=str(value["reader"]), neutral_only=bool(value["neutral_only"]))
        except FileNotFoundError as error:
            raise UserError(f"there is no {path}; {remedy(path)} first") from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path} is damaged; {remedy(path)} again") from error
