"""The people of a data set: who is trained on and who is tested on, who lacks expressions.

The side is a pure function of the seed and a name. With the seed "auto" it is one of all names
together, because they choose the seed."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from fet_core.data.disk import Entry
from fet_core.errors import UserError
from fet_core.tables import EXPRESSIONS

Side = Literal["train", "test"]

LEAST_SUBJECTS = 2
"""People that each side needs: a source is always another person than the target."""

SEEDS = 1001
"""Seeds that "auto" looks through: 0 to 1000."""

Who = Iterable[tuple[str, str]]
"""(subject, sample id) of each picture."""


class SplitRule(Protocol):
    """How a data set is divided (the `split` section of the params)."""

    @property
    def by(self) -> str:
        """ "subject": all pictures of a person on one side; "image": each for itself."""

    @property
    def test_share(self) -> float:
        """Share expected on the test side, in (0, 1)."""

    @property
    def seed(self) -> int | Literal["auto"]:
        """Another seed, another split; "auto" for the first good one."""


@dataclass(frozen=True)
class SettledRule:
    """A rule whose seed is a number; see `SplitRule`."""

    by: str
    test_share: float
    seed: int


def side(seed: int, key: str, test_share: float) -> Side:
    """The side on which `key` falls.

    The key's hash is a number evenly spread over [0, 1), and below `test_share` is the test side:
    so adding people moves nobody, and a larger share only adds to the test side.
    """
    digest = hashlib.sha256(f"{seed}:{key}".encode()).digest()
    # 53 bits are what a float holds exactly; rounding 64 could reach 1.
    number = (int.from_bytes(digest[:8], "big") >> 11) / 2**53
    return "test" if number < test_share else "train"


def side_of(rule: SettledRule, subject: str, sample_id: str) -> Side:
    """The side of one picture of a person.

    Raises:
        UserError: `rule.by` is neither "subject" nor "image".
    """
    return side(rule.seed, _key(rule.by, subject, sample_id), rule.test_share)


def settle(rule: SplitRule, who: Who) -> SettledRule:
    """The rule with a number for its seed.

    With "auto" the split depends on all names together: adding people may lead to another seed and
    so move people from one side to the other. A number moves nobody.

    Args:
        rule: as the params have it.
        who: all pictures that are to be divided.

    Raises:
        UserError: `rule.by` is neither "subject" nor "image".
    """
    seed = rule.seed
    if seed == "auto":
        # Where no seed will do, `check_sides` says so with the counts of any.
        seed = choose_seed(rule.by, rule.test_share, who) or 0
    return SettledRule(rule.by, rule.test_share, seed)


def choose_seed(by: str, test_share: float, who: Who) -> int | None:
    """The first of the seeds 0 to 1000 that is good, a pure function of the names.

    A good one puts two people or more on each side, and half a person (for "image" half a picture)
    or less beside `test_share` on the test side, or as near as whole people allow. Where none of
    them is good, the first of those that come nearest.

    Args:
        by: "subject" or "image".
        test_share: share wished for on the test side, in (0, 1).
        who: all pictures that are to be divided.

    Returns:
        the seed, None where no seed puts two people on each side.

    Raises:
        UserError: `by` is neither "subject" nor "image".
    """
    subjects = {_key(by, subject, sample_id): subject for subject, sample_id in who}
    if len(subjects) < 2 * LEAST_SUBJECTS:
        return None
    wanted = test_share * len(subjects)
    possible = range(LEAST_SUBJECTS, len(subjects) - LEAST_SUBJECTS + 1)
    good = max(min(abs(count - wanted) for count in possible), 0.5) + 1e-9
    best, distance = None, float("inf")
    for seed in range(SEEDS):
        test = [key for key in subjects if side(seed, key, test_share) == "test"]
        if abs(len(test) - wanted) >= distance:
            continue
        on_test = {subjects[key] for key in test}
        on_train = {subjects[key] for key in subjects.keys() - set(test)}
        if min(len(on_test), len(on_train)) >= LEAST_SUBJECTS:
            best, distance = seed, abs(len(test) - wanted)
            if distance <= good:
                break
    return best


def better_seed(rule: SettledRule, who: Who) -> str | None:
    """Where a rule's share of the test side is bad, a sentence on that and on a seed that would do.

    A share is bad where it is more than one person, and more than a quarter of those wished for,
    away from `rule.test_share` (pictures for "image").

    Args:
        rule: the rule.
        who: all pictures that are to be divided.

    Returns:
        the sentence, None where the share is good or no seed does better.

    Raises:
        UserError: `rule.by` is neither "subject" nor "image".
    """
    who = list(who)
    keys = {_key(rule.by, *each) for each in who}
    wanted, got = rule.test_share * len(keys), _on_test(rule, keys)
    if abs(got - wanted) <= max(1.0, wanted / 4):
        return None
    seed = choose_seed(rule.by, rule.test_share, who)
    if seed is None:
        return None
    there = _on_test(SettledRule(rule.by, rule.test_share, seed), keys)
    if abs(there - wanted) >= abs(got - wanted):
        return None
    units = "people" if rule.by == "subject" else "pictures"
    return (
        f"split.seed: {rule.seed} puts {got} of {len(keys)} {units} on the test side, where "
        f"split.test_share: {rule.test_share:g} asks for {wanted:.1f}; split.seed: {seed} gives "
        f"{there}"
    )


def check_sides(
    rule: SettledRule, subjects: Iterable[tuple[str, str]], where: str, who: Who = ()
) -> None:
    """Check that each side has people enough.

    Args:
        rule: the rule that made the split.
        subjects: (subject, side) of each picture.
        where: what was split, for the message.
        who: all pictures that were divided; the message then names a seed that would do.

    Raises:
        UserError: a side has fewer than two people; the message has the counts.
    """
    sides: dict[str, set[str]] = {"train": set(), "test": set()}
    for subject, on in subjects:
        sides[on].add(subject)
    if min(len(people) for people in sides.values()) >= LEAST_SUBJECTS:
        return
    who = list(who)
    seed = choose_seed(rule.by, rule.test_share, who)
    advice = ""
    if seed is not None:
        settled = SettledRule(rule.by, rule.test_share, seed)
        on_test = {subject for subject, name in who if side_of(settled, subject, name) == "test"}
        advice = f"; split.seed: {seed} gives {len(on_test)} on the test side, as auto would"
    elif who:
        advice = "; of these people no split.seed puts enough on both sides"
    raise UserError(
        f"the split of {where} puts {len(sides['train'])} people on the training side and "
        f"{len(sides['test'])} on the test side, of {len(sides['train'] | sides['test'])} in all, "
        f"where each side needs {LEAST_SUBJECTS} or more: add people, or try another split.seed "
        f"(now {rule.seed}) or split.test_share (now {rule.test_share:g}){advice}"
    )


def _key(by: str, subject: str, sample_id: str) -> str:
    keys = {"subject": subject, "image": sample_id}
    if by not in keys:
        raise UserError(f'split.by is "{by}"; choose "subject" or "image"')
    return keys[by]


def _on_test(rule: SettledRule, keys: Iterable[str]) -> int:
    return sum(side(rule.seed, key, rule.test_share) == "test" for key in keys)


_NAMED = 5


def lacking(entries: Sequence[Entry]) -> list[str]:
    """One sentence on the people who lack expressions that others show.

    Not for sets of sequences: there nearly everybody does.
    """
    shown: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.expression is not None:
            shown[entry.subject].add(entry.expression)
    everything = set().union(*shown.values())
    lacking = {
        who: sorted(everything - has, key=EXPRESSIONS.index)
        for who, has in sorted(shown.items())
        if has != everything
    }
    if not lacking:
        return []
    named = [f"{who} ({', '.join(what)})" for who, what in list(lacking.items())[:_NAMED]]
    more = ", …" if len(lacking) > _NAMED else ""
    return [f"{len(lacking)} of {len(shown)} people lack expressions: {', '.join(named)}{more}"]
