"""Who is trained on and who is tested on: a pure function of the seed and a name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Literal, Protocol

from fet_core.errors import UserError

Side = Literal["train", "test"]

LEAST_SUBJECTS = 2
"""People that each side needs: a source is always another person than the target."""


class SplitRule(Protocol):
    """How a data set is divided (the `split` section of the params)."""

    @property
    def by(self) -> str:
        """ "subject": all pictures of a person on one side; "image": each for itself."""

    @property
    def test_share(self) -> float:
        """Share expected on the test side, in (0, 1)."""

    @property
    def seed(self) -> int:
        """Another seed, another split."""


def side(seed: int, key: str, test_share: float) -> Side:
    """The side on which `key` falls.

    The key's hash is a number evenly spread over [0, 1), and below `test_share` is the test side:
    so adding people moves nobody, and a larger share only adds to the test side.
    """
    digest = hashlib.sha256(f"{seed}:{key}".encode()).digest()
    # 53 bits are what a float holds exactly; rounding 64 could reach 1.
    number = (int.from_bytes(digest[:8], "big") >> 11) / 2**53
    return "test" if number < test_share else "train"


def side_of(rule: SplitRule, subject: str, sample_id: str) -> Side:
    """The side of one picture of a person.

    Raises:
        UserError: `rule.by` is neither "subject" nor "image".
    """
    keys = {"subject": subject, "image": sample_id}
    if rule.by not in keys:
        raise UserError(f'split.by is "{rule.by}"; choose "subject" or "image"')
    return side(rule.seed, keys[rule.by], rule.test_share)


def check_sides(rule: SplitRule, subjects: Iterable[tuple[str, str]], where: str) -> None:
    """Check that each side has people enough.

    Args:
        rule: the rule that made the split.
        subjects: (subject, side) of each picture.
        where: what was split, for the message.

    Raises:
        UserError: a side has fewer than two people; the message has the counts.
    """
    sides: dict[str, set[str]] = {"train": set(), "test": set()}
    for subject, on in subjects:
        sides[on].add(subject)
    if min(len(people) for people in sides.values()) >= LEAST_SUBJECTS:
        return
    raise UserError(
        f"the split of {where} puts {len(sides['train'])} people on the training side and "
        f"{len(sides['test'])} on the test side, of {len(sides['train'] | sides['test'])} in all, "
        f"where each side needs {LEAST_SUBJECTS} or more: add people, or try another split.seed "
        f"(now {rule.seed}) or split.test_share (now {rule.test_share:g})"
    )
