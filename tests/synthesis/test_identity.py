"""People are drawn from numbers alone and use only targets that exist."""

from __future__ import annotations

import pytest

from fet_core.synthesis.assets import Assets
from fet_core.synthesis.expressions import EXPRESSIONS, Performance, morphs_of
from fet_core.synthesis.identity import draw_identity, macro_weights
from fet_core.synthesis.layouts import ckplus_members, generator, rafd_members
from fet_core.synthesis.shoot import person


def test_the_same_numbers_give_the_same_person() -> None:
    member = rafd_members(5)[4]
    assert person(1, "rafd", member, 0) == person(1, "rafd", member, 0)
    assert person(1, "rafd", member, 0) != person(1, "rafd", member, 1)
    assert person(1, "rafd", member, 0) != person(2, "rafd", member, 0)


def test_the_two_sets_show_different_people() -> None:
    member = ckplus_members(1)[0]
    assert person(1, "rafd", member, 0).morphs != person(1, "ckplus", member, 0).morphs


@pytest.mark.parametrize("age", [0.1875, 0.3, 0.5, 0.7, 1.0])
def test_macro_weights_add_up(age: float) -> None:
    race = {"african": 0.2, "asian": 0.3, "caucasian": 0.5}
    weights = macro_weights(race, "female", age, 0.3, 0.9)
    build = sum(w for name, w in weights.items() if "universal" in name)
    assert build == pytest.approx(1.0)
    assert sum(weights.values()) - build == pytest.approx(1.0)
    assert all(weight > 0 for weight in weights.values())


def test_kids_are_young_beardless_and_moroccans_are_dark_eyed() -> None:
    for k in range(40):
        kid = draw_identity(generator(9, "person", k), "Kid", "male")
        assert kid.age < 0.3
        assert kid.beard == 0.0
        assert "brown" in draw_identity(generator(9, "person", k), "Moroccan", "male").eye


def test_shares_of_skins_add_up() -> None:
    for k in range(20):
        someone = draw_identity(generator(3, "person", k), "Adult", ("male", "female")[k % 2])
        assert sum(share for _, share in someone.skins) == pytest.approx(1.0)


def test_all_targets_and_textures_exist(assets: Assets) -> None:
    names: set[str] = set()
    for k in range(60):
        group = ("Caucasian", "Kid", "Moroccan", "Adult")[k % 4]
        someone = draw_identity(generator(5, "person", k), group, ("male", "female")[k // 4 % 2])
        names |= set(someone.morphs)
        for skin, _ in someone.skins:
            assert (assets.root / "skins" / f"{skin}.jpg").is_file()
        for kind, item in (("hair", someone.hair), ("eyebrows", someone.brow),
                           ("eyelashes", someone.lash)):  # fmt: skip
            assert assets.texture_of(kind, item)
        assert (assets.root / f"eyes/materials/{someone.eye}_eye.png").is_file()
    for expression in EXPRESSIONS:
        names |= set(morphs_of(Performance(expression, 1.0)))
    empty = [name for name in sorted(names) if len(assets.target(name).index) == 0]
    # The average builds of some ages are the base mesh itself.
    assert all("averagemuscle-averageweight" in name for name in empty)
