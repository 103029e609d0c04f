"""Which people and triples are shown, and what a training shows after an epoch.

Who is shown is fixed by the tables, never by the results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Generic, TypeVar

import pyarrow as pa
from torch import Tensor, nn

from fet_core.data.dataset import Dataset
from fet_core.errors import UserError
from fet_core.geometry.raster import resized, to_bytes
from fet_core.measure.methods import Fuses, Method, predictor, score
from fet_core.measure.triples import Landmarks, Triples, errors
from fet_core.nets.fusion import Fusion, PointFusion
from fet_core.nets.warping import SPOT
from fet_core.show.figures import Picture, column_sheet
from fet_core.tables import EXPRESSIONS


def shown_triples(triples: pa.Table, count: int, allowed: Collection[str] | None) -> list[int]:
    """Positions of a few triples in the triples table: many expressions, many people.

    Args:
        triples: with the schema `fet_core.tables.TRIPLES`.
        count: how many at most.
        allowed: subjects that may be shown, None for all.

    Returns:
        positions in the table, ordered by expression; empty where nobody may be shown.
    """
    rows = [
        (position, row)
        for position, row in enumerate(triples.to_pylist())
        if allowed is None or {row["source_subject"], row["target_subject"]} <= set(allowed)
    ]
    used: Counter[str] = Counter()
    chosen: list[int] = []
    for _ in rows[:count]:
        for expression in (*EXPRESSIONS[1:], EXPRESSIONS[0]):
            open_rows = [
                (used[row["target_subject"]], row["target_expression"] != "neutral", position, row)
                for position, row in rows
                if row["expression"] == expression and position not in chosen
            ]
            if open_rows and len(chosen) < count:
                *_, position, row = min(open_rows, key=lambda item: item[:3])
                chosen.append(position)
                used[row["target_subject"]] += 1
    order = {expression: number for number, expression in enumerate(EXPRESSIONS)}
    by_position = dict(rows)
    return sorted(chosen, key=lambda p: (order[by_position[p]["expression"]], p))


def figure_sources(
    samples: pa.Table, count: int, allowed: Collection[str] | None, targets: Collection[int] = ()
) -> list[int]:
    """Rows of samples.parquet along the top of Fig. 3 and 4: test people, one an expression.

    Args:
        samples: with the schema `fet_core.tables.SAMPLES`.
        count: how many at most.
        allowed: subjects that may be shown, None for all.
        targets: rows down the side; their people are sources only where nobody else is left.
    """
    people = samples["subject"].to_pylist()
    beside = {people[number] for number in targets}
    rows = _frontal(samples, "test", allowed)
    rows = [row for row in rows if people[row[0]] not in beside] or rows
    used: Counter[str] = Counter()
    chosen: list[int] = []
    for expression in EXPRESSIONS[1:]:
        fitting = [
            (used[row["subject"]], -i, i) for i, row in rows if row["expression"] == expression
        ]
        if fitting and len(chosen) < count:
            number = min(fitting)[2]
            chosen.append(number)
            used[samples["subject"][number].as_py()] += 1
    return chosen


def figure_targets(
    samples: pa.Table, train: int, test: int, allowed: Collection[str] | None
) -> list[int]:
    """Rows down the side of Fig. 3 and 4: neutral faces, of training people first."""
    chosen: list[int] = []
    for split, count in (("train", train), ("test", test)):
        seen: set[str] = set()
        for number, row in _frontal(samples, split, allowed):
            if row["expression"] == "neutral" and row["subject"] not in seen and len(seen) < count:
                seen.add(row["subject"])
                chosen.append(number)
    return chosen


def check_allowed(samples: pa.Table, allowed: Collection[str] | None) -> None:
    """Refuse a list of subjects for figures that names someone who is not in the data.

    Raises:
        UserError: with the unknown name.
    """
    unknown = sorted(set(allowed or ()) - set(samples["subject"].to_pylist()))
    if unknown:
        raise UserError(
            f'figures.subjects names "{unknown[0]}", who is not among the subjects of the data '
            "set; mend the list in the params file"
        )


def _frontal(
    samples: pa.Table, split: str, allowed: Collection[str] | None
) -> list[tuple[int, dict[str, str]]]:
    names = ["subject", "expression", "gaze", "camera", "split", "flipped"]
    return [
        (number, row)
        for number, row in enumerate(samples.select(names).to_pylist())
        if row["split"] == split
        and not row["flipped"]
        and row["gaze"] == "frontal"
        and row["camera"] == "090"
        and (allowed is None or row["subject"] in allowed)
    ]


class FusionValidation:
    """L1 of J_gen to the truth on the test triples, and a grid of landmark images.

    Args:
        dataset: landmarks of all samples.
        triples: test triples.
        shown: positions of the grid's triples among them.
        sigma: of a spot as a share of the landmark image's side.
        batch: triples at a time.
    """

    def __init__(
        self, dataset: Dataset, triples: Triples, shown: Sequence[int], sigma: float, batch: int
    ) -> None:
        self._dataset = dataset
        self._triples = triples
        self._shown = triples.at(shown)
        self._sigma = sigma
        self._batch = batch

    def metrics(self, net: Fusion) -> dict[str, float]:
        """Mean absolute difference per pixel: of J_gen, and of the target's own landmark image."""
        landmarks = Landmarks(self._dataset, net, self._sigma)
        made, kept = 0.0, 0.0
        for part in self._triples.batches(self._batch):
            truth = landmarks.of(part.truth)
            made += float((landmarks.generated(part) - truth).abs().mean()) * len(part)
            kept += float((landmarks.of(part.target) - truth).abs().mean()) * len(part)
        return {
            "test_l1": made / len(self._triples),
            "test_l1_unchanged": kept / len(self._triples),
        }

    def grid(self, net: Fusion) -> Picture:
        """One row a triple: source, target, J_gen, truth."""
        landmarks = Landmarks(self._dataset, net, self._sigma)
        triples = self._shown
        columns = {
            "source": landmarks.of(triples.source),
            "target": landmarks.of(triples.target),
            "J_gen": landmarks.generated(triples),
            "truth": landmarks.of(triples.truth),
        }
        return column_sheet({name: to_bytes(value) for name, value in columns.items()})


Net = TypeVar("Net", bound=nn.Module)


class PictureValidation(Generic[Net]):
    """SSIM and PSNR in the transfer protocol (the paper's Fig. 5 and 6), and a grid of pictures.

    Args:
        dataset: pictures and landmarks of all samples.
        triples: test triples.
        shown: positions of the grid's triples among them.
        row: makes the generator's row of the tables.
        batch: triples at a time.
        spots: J_gen of triples where the generator is given it, None otherwise.
    """

    def __init__(
        self,
        dataset: Dataset,
        triples: Triples,
        shown: Sequence[int],
        row: Callable[[Net], Method],
        batch: int,
        spots: Callable[[Triples], Tensor] | None = None,
    ) -> None:
        self._dataset = dataset
        self._triples = triples
        self._shown = triples.at(shown)
        self._row = row
        self._batch = batch
        self._spots = spots

    def metrics(self, net: Net) -> dict[str, float]:
        """{"ssim": …, "psnr": …} over the test triples."""
        found = score(self._row(net), self._dataset, self._triples, "transfer", self._batch)
        return {"ssim": found["ssim"], "psnr": found["psnr"]}

    def grid(self, net: Net) -> Picture:
        """One row a triple: source, target, J_gen where there is one, result, truth."""
        triples, dataset = self._shown, self._dataset
        columns = {"source": dataset.bytes(triples.source), "target": dataset.bytes(triples.target)}
        if self._spots:
            columns["J_gen"] = to_bytes(resized(self._spots(triples), dataset.size))
        columns["result"] = self._row(net)(triples, "transfer")
        columns["truth"] = dataset.bytes(triples.truth)
        return column_sheet(columns)


_SIDE = 128


class PointsValidation:
    """NME of J_gen on the test triples beside that of the target's own points, and a grid.

    Args:
        dataset: landmarks of all samples, the mean of many readings.
        triples: test triples.
        shown: positions of the grid's triples among them.
        batch: triples at a time.
    """

    def __init__(
        self, dataset: Dataset, triples: Triples, shown: Sequence[int], batch: int
    ) -> None:
        self._dataset = dataset
        self._triples = triples
        self._shown = triples.at(shown)
        self._batch = batch

    def metrics(self, net: PointFusion) -> dict[str, float]:
        """{"test_nme": …, "test_nme_unchanged": …}."""
        points = self._dataset.points
        rest = (points, self._triples, self._batch)
        return {
            "test_nme": float(errors(predictor(self._dataset, net), *rest).mean()),
            "test_nme_unchanged": float(errors(lambda p: points[p.target], *rest).mean()),
        }

    def grid(self, net: PointFusion) -> Picture:
        """One row a triple: source, target, J_gen, truth, as landmark images."""
        triples, points = self._shown, self._dataset.points
        columns = {
            "source": points[triples.source],
            "target": points[triples.target],
            "J_gen": predictor(self._dataset, net)(triples),
            "truth": points[triples.truth],
        }
        return column_sheet(
            {name: to_bytes(self._dataset.draw(p, _SIDE, SPOT)) for name, p in columns.items()}
        )


def drawn_points(dataset: Dataset, fusion: Fuses) -> Callable[[Triples], Tensor]:
    """J_gen of triples as landmark images [B, 1, s, s], for grids."""
    return lambda triples: dataset.draw(predictor(dataset, fusion)(triples), _SIDE, SPOT)
