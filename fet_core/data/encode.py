"""Pictures as the bytes of a file, with what is kept of another and the mark of what is made."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fet_core.data.kept import EXIF, ORIENTATION, Kept, as_exif
from fet_core.data.mark import SOFTWARE, packet, program
from fet_core.data.png import with_chunks_of
from fet_core.errors import UserError

Picture = NDArray[np.uint8]

WRITTEN = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
}
"""The formats that are written, by a file's suffix. All of them can be marked, as BMP cannot."""

_XMP = 0x02BC  # TIFF's tag


def encode(picture: Picture, suffix: str, like: Kept | None = None, mark: bool = False) -> bytes:
    """A picture as the bytes of a file.

    PNG, TIFF and WebP lose nothing of the picture, PNG and TIFF keep 16 bits, and all but JPEG
    keep transparency. A TIFF of 16 bits has no more of EXIF than its texts.

    Args:
        picture: [H, W] or [H, W, 3] uint8.
        suffix: of the file, one of `WRITTEN`.
        like: what is kept of the photograph of which it is a changed copy.
        mark: whether to say that it is made.

    Raises:
        UserError: the format has no room for as large a picture.
    """
    form = WRITTEN[suffix.lower()]
    like = like or Kept()
    told = dict(like.exif)
    if mark:
        told[SOFTWARE] = program().encode()
    whole: NDArray[Any] = picture if form == "JPEG" else like.changed(picture)
    if whole.dtype == np.uint16 and form == "WEBP":
        whole = np.rint(whole / 257).astype(np.uint8)
    options: dict[str, Any] = {}
    # WebP has no grey.
    colour = picture.ndim == 3
    if like.profile[16:20] == (b"RGB " if colour else b"GRAY") and (colour or form != "WEBP"):
        options["icc_profile"] = like.profile
    if like.dpi is not None and form != "WEBP":
        options["dpi"] = like.dpi
    try:
        if form == "TIFF":
            return _tiff(whole, told, packet() if mark else b"", options)
        if told:
            options["exif"] = as_exif({ORIENTATION: 1} | told).tobytes()
        if form == "PNG":
            return _png(whole, mark, options)
        if form == "JPEG":
            options |= {"quality": 95, "subsampling": 0}
        else:
            options |= {"lossless": True, "exact": True}
        if mark:
            options["xmp"] = packet()
        return _pillow(whole, form, options)
    except (OSError, ValueError) as error:
        height, width = picture.shape[:2]
        raise UserError(
            f"a picture of {width}×{height} pixels cannot be a {form} ({error}); "
            "name an output that ends in .png"
        ) from error


def _pillow(whole: NDArray[Any], form: str, options: dict[str, Any]) -> bytes:
    from PIL import Image

    # Pillow itself does not see where a JPEG was written in part.
    content = io.BytesIO()
    Image.fromarray(whole).save(content, form, **options)
    return content.getvalue()


def _png(whole: NDArray[Any], mark: bool, options: dict[str, Any]) -> bytes:
    from PIL.PngImagePlugin import PngInfo

    if mark:
        text = PngInfo()
        text.add_text("Software", program())
        text.add_itxt("XML:com.adobe.xmp", packet().decode())
        options["pnginfo"] = text
    if whole.dtype == np.uint8:
        return _pillow(whole, "PNG", options)
    # Pillow writes no colours of 16 bits, and OpenCV nothing but pixels.
    order = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
    turned = whole if whole.ndim == 2 else cv2.cvtColor(whole, order[whole.shape[2]])
    content = cv2.imencode(".png", turned)[1].tobytes()
    return with_chunks_of(content, _pillow(np.zeros((1, 1), np.uint8), "PNG", options))


def _tiff(whole: NDArray[Any], told: dict[int, Any], xmp: bytes, options: dict[str, Any]) -> bytes:
    if whole.dtype == np.uint8:
        # Uncompressed, as Pillow's compressed ones have no inner table.
        tags = told | ({_XMP: xmp} if xmp else {})
        return _pillow(whole, "TIFF", options | {"tiffinfo": tags})
    import tifffile

    texts = {tag: value for tag, value in told.items() if tag not in (EXIF, ORIENTATION)}
    extra: list[Any] = [(tag, 2, None, value, True) for tag, value in texts.items()]
    if xmp:
        extra.append((_XMP, 1, len(xmp), xmp, True))
    content = io.BytesIO()
    tifffile.imwrite(
        content,
        whole,
        photometric="minisblack" if whole.ndim == 2 else "rgb",
        extrasamples=["unassalpha"] if whole.ndim == 3 and whole.shape[2] == 4 else None,
        compression="zlib",
        iccprofile=options.get("icc_profile"),
        resolution=options.get("dpi"),
        resolutionunit="INCH" if "dpi" in options else None,
        software=False,
        metadata=None,
        extratags=extra,
    )
    return content.getvalue()
