"""The table of a data set as Markdown, with the paper's figures beside it."""

from __future__ import annotations

from collections.abc import Mapping

PAPER: dict[str, dict[str, tuple[float, float]]] = {
    "ckplus": {
        "CGAN": (0.692, 22.244),
        "G2-GAN": (0.767, 24.420),
        "Pix2pix": (0.784, 24.687),
        "The proposed model": (0.805, 25.610),
    },
    "rafd": {
        "CGAN": (0.554, 16.412),
        "G2-GAN": (0.829, 21.745),
        "Pix2pix": (0.765, 19.230),
        "The proposed model": (0.801, 19.338),
    },
}
"""Tables 3 and 4: SSIM and PSNR in dB, on the real CK+ and RaFD at 256×256."""

Scores = Mapping[str, Mapping[str, Mapping[str, float]]]


def table(title: str, scores: Scores, paper: Mapping[str, tuple[float, float]] | None) -> str:
    """A Markdown table of all rows in both protocols, the best of each column in bold.

    Args:
        title: above the table.
        scores: model to protocol to {"ssim", "psnr", "n"}.
        paper: rows of the paper to put below, or None.
    """
    columns = [(p, m) for p in ("transfer", "oracle") for m in ("ssim", "psnr")]
    best = {(p, m): max(row[p][m] for row in scores.values()) for p, m in columns}
    lines = [
        f"## {title}",
        "",
        "| model | SSIM transfer | PSNR transfer (dB) | SSIM oracle | PSNR oracle (dB) | triples |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for model, row in scores.items():
        cells = []
        for protocol, metric in columns:
            value = row[protocol][metric]
            text = f"{value:.3f}" if metric == "ssim" else f"{value:.2f}"
            cells.append(f"**{text}**" if value == best[protocol, metric] else text)
        lines.append(f"| {model} | {' | '.join(cells)} | {row['transfer']['n']} |")
    if paper:
        lines += ["", "The paper, on the real data set at 256×256, for orientation only:", ""]
        lines += ["| model | SSIM | PSNR (dB) |", "| --- | --- | --- |"]
        lines += [f"| {model} | {ssim:.3f} | {psnr:.3f} |" for model, (ssim, psnr) in paper.items()]
    return "\n".join(lines) + "\n"
