"""Who is in the picture: a person's shape and looks, drawn from numbers alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

# Detail targets: name (`{}` stands for the two ends) -> (end at -1, end at +1, spread).
_DETAILS: tuple[tuple[str, str, str, float], ...] = (
    ("head/head-scale-horiz-{}", "decr", "incr", 0.35),
    ("head/head-scale-vert-{}", "decr", "incr", 0.35),
    ("head/head-scale-depth-{}", "decr", "incr", 0.3),
    ("head/head-fat-{}", "decr", "incr", 0.3),
    ("head/head-angle-{}", "in", "out", 0.3),
    ("forehead/forehead-scale-vert-{}", "decr", "incr", 0.5),
    ("forehead/forehead-temple-{}", "decr", "incr", 0.5),
    ("forehead/forehead-nubian-{}", "decr", "incr", 0.35),
    ("nose/nose-scale-horiz-{}", "decr", "incr", 0.5),
    ("nose/nose-scale-vert-{}", "decr", "incr", 0.55),
    ("nose/nose-scale-depth-{}", "decr", "incr", 0.35),
    ("nose/nose-volume-{}", "decr", "incr", 0.4),
    ("nose/nose-width1-{}", "decr", "incr", 0.5),
    ("nose/nose-width2-{}", "decr", "incr", 0.5),
    ("nose/nose-width3-{}", "decr", "incr", 0.5),
    ("nose/nose-hump-{}", "decr", "incr", 0.35),
    ("nose/nose-curve-{}", "concave", "convex", 0.4),
    ("nose/nose-greek-{}", "decr", "incr", 0.25),
    ("nose/nose-point-{}", "down", "up", 0.3),
    ("nose/nose-point-width-{}", "decr", "incr", 0.5),
    ("nose/nose-base-{}", "down", "up", 0.3),
    ("nose/nose-nostrils-width-{}", "decr", "incr", 0.45),
    ("nose/nose-flaring-{}", "decr", "incr", 0.35),
    ("nose/nose-trans-{}", "down", "up", 0.3),
    ("mouth/mouth-scale-horiz-{}", "decr", "incr", 0.4),
    ("mouth/mouth-scale-vert-{}", "decr", "incr", 0.35),
    ("mouth/mouth-upperlip-volume-{}", "decr", "incr", 0.5),
    ("mouth/mouth-lowerlip-volume-{}", "decr", "incr", 0.5),
    ("mouth/mouth-upperlip-height-{}", "decr", "incr", 0.4),
    ("mouth/mouth-lowerlip-height-{}", "decr", "incr", 0.4),
    ("mouth/mouth-cupidsbow-{}", "decr", "incr", 0.5),
    ("mouth/mouth-philtrum-volume-{}", "decr", "incr", 0.4),
    ("mouth/mouth-trans-{}", "down", "up", 0.35),
    ("mouth/mouth-trans-{}", "backward", "forward", 0.3),
    ("mouth/mouth-angles-{}", "down", "up", 0.15),
    ("mouth/mouth-laugh-lines-{}", "in", "out", 0.4),
    ("chin/chin-width-{}", "decr", "incr", 0.55),
    ("chin/chin-height-{}", "decr", "incr", 0.55),
    ("chin/chin-bones-{}", "decr", "incr", 0.5),
    ("chin/chin-prominent-{}", "decr", "incr", 0.45),
    ("chin/chin-prognathism-{}", "decr", "incr", 0.25),
    ("chin/chin-jaw-drop-{}", "decr", "incr", 0.4),
    ("chin/chin-cleft-{}", "decr", "incr", 0.35),
    ("cheek/*-cheek-bones-{}", "decr", "incr", 0.5),
    ("cheek/*-cheek-volume-{}", "decr", "incr", 0.45),
    ("cheek/*-cheek-inner-{}", "decr", "incr", 0.35),
    ("cheek/*-cheek-trans-{}", "down", "up", 0.35),
    ("eyes/*-eye-scale-{}", "decr", "incr", 0.3),
    ("eyes/*-eye-trans-{}", "in", "out", 0.45),
    ("eyes/*-eye-trans-{}", "down", "up", 0.35),
    ("eyes/*-eye-height1-{}", "decr", "incr", 0.25),
    ("eyes/*-eye-height2-{}", "decr", "incr", 0.25),
    ("eyes/*-eye-height3-{}", "decr", "incr", 0.25),
    ("eyes/*-eye-corner1-{}", "down", "up", 0.4),
    ("eyes/*-eye-corner2-{}", "down", "up", 0.4),
    ("eyes/*-eye-eyefold-{}", "down", "up", 0.4),
    ("eyes/*-eye-eyefold-{}", "concave", "convex", 0.35),
    ("eyes/*-eye-bag-{}", "decr", "incr", 0.35),
    ("eyes/*-eye-push1-{}", "in", "out", 0.3),
    ("eyebrows/eyebrows-trans-{}", "down", "up", 0.35),
    ("eyebrows/eyebrows-trans-{}", "backward", "forward", 0.3),
    ("ears/*-ear-scale-{}", "decr", "incr", 0.4),
    ("ears/*-ear-wing-{}", "decr", "incr", 0.35),
    ("ears/*-ear-lobe-{}", "decr", "incr", 0.5),
    ("neck/neck-scale-horiz-{}", "decr", "incr", 0.3),
)
_HEAD_FORMS = ("head-oval", "head-round", "head-rectangular", "head-invertedtriangular",
               "head-triangular", "head-square")  # fmt: skip
# The base mesh frowns a little.
_BROW_RELIEF = 1.0

_EYES_DARK = ("brown", "brown", "brown", "brownlight")
_EYES_LIGHT = ("blue", "lightblue", "grey", "green", "brown", "brownlight", "deepblue", "bluegreen")
_HAIR_MALE = ("short01", "short02", "short04")
_HAIR_FEMALE = ("long01", "long01", "ponytail01")


@dataclass(frozen=True)
class Identity:
    """One person.

    Attributes:
        group: `Caucasian`, `Kid` or `Moroccan` (RaFD's words), or CK+'s `Adult`.
        gender: `male` or `female`.
        age: 0..1 as MakeHuman counts: 0.19 is about 10 years, 0.5 25 years, 1 90 years.
        morphs: identity target -> weight.
        skins: textures and their shares, adding up to 1.
        tone: linear RGB factors on the skin.
        flush: 0..1, how red lips and cheeks are.
        eye: name of the eye texture.
        brow, lash, hair: names of the proxies.
        hair_colour: linear RGB of hair in the middle of its shading.
        brow_colour: linear RGB.
        beard: 0..1, strength of the shaved beard's shade.
        shirt: linear RGB of the clothing.
        strong_side: `left` or `right`, the side that one-sided expressions stand on.
    """

    group: str
    gender: str
    age: float
    morphs: Mapping[str, float]
    skins: tuple[tuple[str, float], ...]
    tone: tuple[float, float, float]
    flush: float
    eye: str
    brow: str
    lash: str
    hair: str
    hair_colour: tuple[float, float, float]
    brow_colour: tuple[float, float, float]
    beard: float
    shirt: tuple[float, float, float]
    strong_side: str


def draw_identity(rng: np.random.Generator, group: str, gender: str) -> Identity:
    """Draw a person of a group and gender.

    Args:
        rng: every number that matters comes from here.
        group: `Caucasian`, `Kid`, `Moroccan` or `Adult`.
        gender: `male` or `female`.
    """
    race = _draw_race(rng, group)
    age = float(rng.uniform(0.19, 0.26) if group == "Kid" else _adult_age(rng, group))
    morphs = macro_weights(
        race,
        gender,
        age,
        float(rng.uniform(0.3, 0.7)),
        float(np.clip(rng.normal(0.5, 0.17), 0.15, 0.95)),
    )
    for name, weight in _draw_details(rng, gender, group).items():
        morphs[name] = morphs.get(name, 0.0) + weight
    dark = race["african"]
    hair_colour = _draw_hair_colour(rng, race, age)
    eyes: tuple[str, ...] = _EYES_DARK
    if race["caucasian"] > 0.75 and group != "Moroccan":
        eyes = _EYES_LIGHT
    elif dark > 0.5:
        eyes = ("brown",)
    return Identity(
        group=group,
        gender=gender,
        age=age,
        morphs=morphs,
        skins=_draw_skins(rng, group, race, gender, age),
        tone=_draw_tone(rng, group, dark),
        flush=float(rng.uniform(0.0, 1.0)),
        eye=str(rng.choice(eyes)),
        brow=f"eyebrow{rng.choice(_brows(gender)):03d}",
        lash=f"eyelashes{rng.choice(_lashes(gender, group)):02d}",
        hair=str(rng.choice(_HAIR_MALE if gender == "male" else _HAIR_FEMALE)),
        hair_colour=hair_colour,
        brow_colour=_brow_colour(hair_colour),
        beard=float(rng.uniform(0.1, 0.9)) if gender == "male" and group != "Kid" else 0.0,
        shirt=_draw_shirt(rng, group),
        strong_side=str(rng.choice(["left", "right"])),
    )


def macro_weights(
    race: Mapping[str, float], gender: str, age: float, muscle: float, weight: float
) -> dict[str, float]:
    """MakeHuman's macro targets for a mixture of ancestry, age and build.

    Args:
        race: shares of `african`, `asian`, `caucasian`, adding up to 1.
        gender: `male` or `female`.
        age: 0.1875 (child) to 1 (old); 0.5 is young.
        muscle: 0 to 1, 0.5 average.
        weight: 0 to 1, 0.5 average.

    Returns:
        target -> weight; the weights of each of the two families add up to 1.
    """
    if age < 0.5:
        t = min(max((age - 0.1875) / (0.5 - 0.1875), 0.0), 1.0)
        ages = {"child": 1 - t, "young": t}
    else:
        t = (age - 0.5) / 0.5
        ages = {"young": 1 - t, "old": t}
    muscles, weights = _around(muscle, "muscle"), _around(weight, "weight")
    result: dict[str, float] = {}
    for stage, share in ages.items():
        for name, part in race.items():
            result[f"macrodetails/{name}-{gender}-{stage}"] = share * part
        for muscle_name, muscle_share in muscles.items():
            for weight_name, weight_share in weights.items():
                key = f"macrodetails/universal-{gender}-{stage}-{muscle_name}-{weight_name}"
                result[key] = share * muscle_share * weight_share
    return {name: value for name, value in result.items() if value > 1e-6}


def _around(value: float, noun: str) -> dict[str, float]:
    far = abs(value - 0.5) * 2
    end = ("min" if value < 0.5 else "max") + noun
    return {f"average{noun}": 1 - far, end: far}


def _draw_race(rng: np.random.Generator, group: str) -> dict[str, float]:
    main = {"Caucasian": (0.3, 0.4, 5.0), "Kid": (0.3, 0.4, 5.0), "Moroccan": (2.0, 0.3, 5.0)}
    if group == "Adult":
        alpha = [(6.0, 0.3, 0.3), (0.3, 6.0, 0.3), (0.2, 0.2, 6.0), (0.2, 0.2, 6.0),
                 (0.2, 0.2, 6.0), (1.5, 0.5, 3.0)][int(rng.integers(6))]  # fmt: skip
    else:
        alpha = main[group]
    shares = rng.dirichlet(alpha)
    return dict(zip(("african", "asian", "caucasian"), map(float, shares), strict=True))


def _adult_age(rng: np.random.Generator, group: str) -> float:
    if group == "Moroccan":
        return float(rng.uniform(0.44, 0.6))
    return float(rng.choice([rng.uniform(0.44, 0.55), rng.uniform(0.5, 0.72)]))


def _draw_details(rng: np.random.Generator, gender: str, group: str) -> dict[str, float]:
    morphs: dict[str, float] = {}
    mild = 0.7 if group == "Kid" else 1.0
    for pattern, low, high, spread in _DETAILS:
        value = float(np.clip(rng.normal(0.0, spread) * mild, -0.9, 0.9))
        name = pattern.format(high if value > 0 else low)
        names = [name.replace("*", side) for side in "lr"] if "*" in name else [name]
        for each in names:
            morphs[each] = morphs.get(each, 0.0) + abs(value)
    # Corners look odd on women and children.
    forms = _HEAD_FORMS if gender == "male" and group != "Kid" else _HEAD_FORMS[:2]
    morphs[f"head/{rng.choice(forms)}"] = float(rng.uniform(0.05, 0.45))
    morphs["eyebrows/eyebrows-angle-up"] = _BROW_RELIEF + float(rng.uniform(-0.15, 0.15))
    morphs["browInnerUp"] = 0.2
    return morphs


def _brows(gender: str) -> list[int]:
    return [1, 2, 4, 8, 10, 12] if gender == "male" else [1, 2, 5, 10, 11, 4]


def _lashes(gender: str, group: str) -> list[int]:
    return [2, 3, 4] if gender == "female" and group != "Kid" else [1]


def _draw_skins(
    rng: np.random.Generator, group: str, race: Mapping[str, float], gender: str, age: float
) -> tuple[tuple[str, float], ...]:
    main = max(race, key=lambda name: race[name]) if group != "Moroccan" else "caucasian"
    pool: dict[str, tuple[str, ...]]
    if gender == "female":
        pool = {
            "african": ("young_african_male", "middleage_african_male"),
            "asian": ("young_asian_female", "middleage_asian_female"),
            "caucasian": ("young_caucasian_female2", "middleage_asian_female"),
        }
    else:
        pool = {
            "african": ("young_african_male", "middleage_african_male", "old_african_male"),
            "asian": ("young_asian_male", "middleage_asian_male"),
            "caucasian": (
                "young_caucasian_male",
                "young_caucasian_male2",
                "middleage_caucasian_male",
            ),
        }
    if age < 0.3:
        pool["caucasian"] = ("young_caucasian_female2", "young_caucasian_male")
    first, second = rng.choice(pool[main], 2, replace=False)
    share = float(rng.uniform(0.55, 1.0))
    return ((str(first), share), (str(second), 1.0 - share))


def _draw_tone(rng: np.random.Generator, group: str, african: float) -> tuple[float, float, float]:
    melanin = float(rng.uniform(-0.12, 0.2))
    if group == "Moroccan":
        melanin = float(rng.uniform(0.25, 0.55))
    elif african > 0.5:
        # The darkest skins are brightened so that their features still show.
        melanin = float(rng.uniform(-0.75, -0.3))
    warm = float(rng.uniform(-0.05, 0.05))
    tone = np.exp(-melanin * np.array([0.55, 0.74, 0.88]) + warm * np.array([1.0, 0.0, -1.0]))
    return (float(tone[0]), float(tone[1]), float(tone[2]))


_HAIR_COLOURS = {
    "black": (0.012, 0.010, 0.009),
    "dark brown": (0.035, 0.022, 0.014),
    "brown": (0.085, 0.048, 0.026),
    "light brown": (0.17, 0.10, 0.052),
    "blond": (0.36, 0.25, 0.13),
    "red": (0.21, 0.065, 0.022),
    "grey": (0.22, 0.21, 0.20),
}


def _draw_hair_colour(
    rng: np.random.Generator, race: Mapping[str, float], age: float
) -> tuple[float, float, float]:
    names: tuple[str, ...]
    if race["caucasian"] > 0.75:
        names = ("dark brown", "brown", "brown", "light brown", "blond", "red", "black")
    else:
        names = ("black", "black", "dark brown")
    if age > 0.66:
        names = ("grey", *names[:2])
    colour = np.array(_HAIR_COLOURS[str(rng.choice(names))]) * np.exp(rng.normal(0, 0.15))
    return (float(colour[0]), float(colour[1]), float(colour[2]))


def _brow_colour(hair: tuple[float, float, float]) -> tuple[float, float, float]:
    dark = np.minimum(np.array(hair) * 0.6, 0.12)
    return (float(dark[0]), float(dark[1]), float(dark[2]))


def _draw_shirt(rng: np.random.Generator, group: str) -> tuple[float, float, float]:
    if group != "Adult":
        return (0.012, 0.012, 0.014)
    colours = [
        (0.02, 0.02, 0.03),
        (0.3, 0.3, 0.32),
        (0.05, 0.08, 0.2),
        (0.25, 0.05, 0.05),
        (0.5, 0.48, 0.44),
        (0.06, 0.12, 0.08),
        (0.12, 0.12, 0.13),
    ]
    colour = colours[int(rng.integers(len(colours)))]
    return colour
