"""A C2PA manifest in a picture's file: signed, so that others can tell who says that it is made.

Nothing of it asks a network: no time is fetched, no certificate looked up, and no manifest that
lies elsewhere.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fet_core.data.mark import SOURCE_TYPE, program
from fet_core.errors import UserError
from fet_core.files import check_file, shown

INSTALL = "pip install 'fet[c2pa]'"

_ALONE = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    # Of a picture that is there at full size.
    "builder": {"thumbnail": {"enabled": False}},
}
_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
}
_CURVES = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
_NONE = ("ManifestNotFound", "Remote")  # what c2pa-python says where the file holds none
_TRUST = "signingCredential.untrusted"


@dataclass(frozen=True)
class Credentials:
    """With what is signed: PEM texts of the certificates, the own one first, and of the key."""

    certificates: str
    key: str
    algorithm: str


@dataclass(frozen=True)
class Signed:
    """What a manifest says.

    Attributes:
        by: whoever its certificate names.
        valid: the picture is as it was when it was signed. Whose certificates are to be trusted is
            not for this program to say, so that anyone may have made it.
        source_type: IPTC's digital source type; None where it says none.
    """

    by: str
    valid: bool
    source_type: str | None


def credentials(certificates: Path, key: Path) -> Credentials:
    """Read what is to be signed with.

    Args:
        certificates: PEM, the signer's own and those that vouch for it.
        key: PEM, without a password.

    Raises:
        UserError: one of them cannot be used, or c2pa-python is not installed.
    """
    _library()
    texts = []
    for path, what in ((certificates, "certificate"), (key, "key")):
        check_file(path, f"there is no {what}", "name a file in PEM")
        texts.append(path.read_text(encoding="ascii", errors="replace"))
    return Credentials(texts[0], texts[1], _algorithm(texts[1], key))


def signed(content: bytes, suffix: str, by: Credentials) -> bytes:
    """A picture's file with a signed manifest.

    Args:
        content: of the file.
        suffix: of its name, as ".png".
        by: who signs.

    Raises:
        UserError: it cannot be signed so.
    """
    c2pa = _library()
    name, _, version = program().partition(" ")
    action = {"action": "c2pa.created", "digitalSourceType": SOURCE_TYPE}
    told = {
        "claim_generator_info": [{"name": name, "version": version}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}],
    }
    made = io.BytesIO()
    try:
        how = c2pa.C2paSignerInfo(by.algorithm, by.certificates.encode(), by.key.encode(), None)
        with (
            c2pa.Signer.from_info(how) as signer,
            c2pa.Context.from_dict(_ALONE) as context,
            c2pa.Builder(told, context=context) as builder,
        ):
            builder.sign(signer, _TYPES[suffix.lower()], io.BytesIO(content), made)
    except c2pa.C2paError as error:
        raise UserError(
            f"the picture cannot be signed ({error}); name a certificate and its key that may sign"
        ) from error
    return made.getvalue()


def manifest(path: Path) -> Signed | None:
    """Read a picture's manifest; None where it has none or c2pa-python is not installed."""
    try:
        c2pa = _library()
    except UserError:
        return None
    kind = _TYPES.get(path.suffix.lower())
    if kind is None:
        return None
    try:
        with (
            c2pa.Context.from_dict(_ALONE) as context,
            path.open("rb") as file,
            c2pa.Reader(kind, file, context=context) as reader,
        ):
            told = json.loads(reader.json())
    except c2pa.C2paError as error:
        if any(word in f"{type(error).__name__} {error}" for word in _NONE):
            return None
        return Signed("nobody", False, None)
    return _said(told)


def _said(told: dict[str, Any]) -> Signed:
    own = told["manifests"][told["active_manifest"]]
    info = own.get("signature_info", {})
    names = [str(info[key]) for key in ("common_name", "issuer") if info.get(key)]
    wrong = [one["code"] for one in told.get("validation_status", []) if one["code"] != _TRUST]
    kinds = [
        action.get("digitalSourceType")
        for one in own.get("assertions", [])
        if str(one.get("label", "")).startswith("c2pa.actions")
        for action in one["data"].get("actions", [])
    ]
    by = "".join(letter for letter in ", ".join(names) if letter.isprintable()) or "nobody"
    return Signed(by, not wrong, next((str(kind) for kind in kinds if kind), None))


def _algorithm(key: str, path: Path) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        found = load_pem_private_key(key.encode(), None)
    except (TypeError, ValueError) as error:
        raise UserError(
            f"{shown(path)} is no private key in PEM without a password; name another"
        ) from error
    if isinstance(found, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(found, rsa.RSAPrivateKey):
        return "ps256"
    if isinstance(found, ec.EllipticCurvePrivateKey) and found.curve.name in _CURVES:
        return _CURVES[found.curve.name]
    raise UserError(f"{shown(path)} is of a kind that signs no pictures; take one of P-256")


def _library() -> Any:
    try:
        import c2pa
    except ImportError as error:
        raise UserError(f"signing needs c2pa-python; run `{INSTALL}`") from error
    return c2pa
