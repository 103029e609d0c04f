"""SSIM and PSNR of pairs of pictures: in batches, and by scikit-image pair after pair.

python benchmarks/bench_similarity.py [--pairs 2000] [--size 256] [--rounds 3]
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from bench.pictures import demo_faces, varied
from bench.runs import in_turn, report
from PIL import Image
from reference.similarity import scores

from fet_core.measure.metrics import psnr, ssim


def pairs(count: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Faces, and the same with noise and a little moved, [N, S, S, 3] uint8 each."""
    listed = demo_faces()
    kinds = min(count, 50)
    some = [
        varied(np.array(Image.open(listed[k % len(listed)]).convert("RGB")), (size, size), k)
        for k in range(kinds)
    ]
    ones = np.stack([some[k % kinds] for k in range(count)])
    rng = np.random.default_rng(0)
    others = np.empty_like(ones)
    for k, one in enumerate(ones):
        noise = rng.normal(0, rng.uniform(1, 30), one.shape)
        others[k] = np.clip(np.roll(one, k % 3, axis=1) + noise, 0, 255)
    return ones, others


def batched(ones: np.ndarray, others: np.ndarray, batch: int = 16) -> np.ndarray:
    """SSIM and PSNR [N, 2] as `fet evaluate` has them."""
    found = []
    for at in range(0, len(ones), batch):
        a, b = (
            torch.from_numpy(pictures[at : at + batch]).permute(0, 3, 1, 2)
            for pictures in (ones, others)
        )
        found.append(torch.stack([ssim(a, b), psnr(a, b)], dim=1))
    return np.asarray(torch.cat(found).numpy())


def main(words: list[str] | None = None) -> dict[str, Any]:
    """Measure, and say how far the numbers are apart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=2000)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args(words)
    torch.set_num_threads(options.threads)
    ones, others = pairs(options.pairs, options.size)
    apart = np.abs(scores(ones[:100], others[:100]) - batched(ones[:100], others[:100]))
    units = (len(ones), len(ones))
    entry = in_turn(
        lambda: scores(ones, others),
        lambda: batched(ones, others),
        options.rounds,
        "SSIM and PSNR",
        each=units,
        warm=False,
    )
    entry |= {
        "target": "≥ 10",
        "threads": options.threads,
        "pairs": len(ones),
        "ssim_apart_at_most": float(f"{apart[:, 0].max():.2g}"),
        "psnr_apart_at_most": float(f"{apart[:, 1].max():.2g}"),
    }
    entries = {f"pairs of {options.size}×{options.size}": entry}
    report(
        "similarity",
        "SSIM and PSNR, seconds a pair, beside scikit-image in a loop",
        entries,
        options.out,
    )
    return entries


if __name__ == "__main__":
    main()
