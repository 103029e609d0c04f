"""A signed C2PA manifest, by a certificate made here: written, read back, and broken."""

from __future__ import annotations

import socket
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("c2pa", reason="c2pa-python is not installed")
pytest.importorskip("cryptography")
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image

from fet_core.data.encode import WRITTEN, encode
from fet_core.data.manifest import Credentials, Signed, credentials, manifest, signed
from fet_core.data.mark import SOURCE_TYPE, origin, program
from fet_core.errors import UserError
from pipeline.origin import origin as command

NOISE = np.random.default_rng(3).integers(0, 256, (40, 30, 3), np.uint8)
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
KEY = ec.generate_private_key(ec.SECP256R1())


def usage(*on: str) -> x509.KeyUsage:
    names = ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment"]
    names += ["key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"]
    return x509.KeyUsage(**{name: name in on for name in names})


def certificate(name: str, of: ec.EllipticCurvePrivateKey, ca: bool) -> x509.Certificate:
    def named(one: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)])

    vouches = ROOT_KEY.public_key()
    made = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named("Root of a test"))
        .public_key(of.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2025, 1, 1))
        .not_valid_after(datetime(2099, 1, 1))
        .add_extension(x509.BasicConstraints(ca, None), True)
        .add_extension(usage("key_cert_sign") if ca else usage("digital_signature"), True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(vouches), False)
    )
    if not ca:
        mail = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        made = made.add_extension(mail, False)
    return made.sign(ROOT_KEY, hashes.SHA256())


ROOT_KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("keys")
    chain = [certificate("A test", KEY, False), certificate("Root of a test", ROOT_KEY, True)]
    pem = b"".join(one.public_bytes(Encoding.PEM) for one in chain)
    (folder / "certificates.pem").write_bytes(pem)
    key = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "key.pem").write_bytes(key)
    return folder / "certificates.pem", folder / "key.pem"


@pytest.fixture(scope="module")
def by(files: tuple[Path, Path]) -> Credentials:
    return credentials(*files)


@pytest.mark.parametrize("suffix", WRITTEN)
def test_it_comes_back_beside_the_mark(suffix: str, by: Credentials, tmp_path: Path) -> None:
    path = tmp_path / f"made{suffix}"
    path.write_bytes(encode(NOISE, suffix, mark=True))
    assert manifest(path) is None
    path.write_bytes(signed(path.read_bytes(), suffix, by))
    assert manifest(path) == Signed("A test", True, SOURCE_TYPE)
    assert origin(path).program == program()


def test_a_picture_that_was_changed_is_not_valid(
    by: Credentials, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "made.png"
    content = signed(encode(NOISE, ".png", mark=True), ".png", by)
    path.write_bytes(content)
    command([path])
    # Another text of the same length, behind the pixels or before them, breaks no PNG.
    other = encode(NOISE[::-1], ".png", mark=True)
    place, begin = content.index(b"IDAT"), other.index(b"IDAT")
    assert content.count(b"IDAT") == other.count(b"IDAT") == 1
    path.write_bytes(content[: place - 4] + other[begin - 4 :])
    found = manifest(path)
    assert found is not None
    assert not found.valid
    command([path])
    whole, broken = capsys.readouterr().out.splitlines()
    assert whole.endswith(f"made by {program()}; manifest signed by A test, whole")
    assert "manifest signed by A test, not valid" in broken


def test_no_manifest_is_fetched_from_elsewhere(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        there = f"http://127.0.0.1:{server.getsockname()[1]}/a.c2pa"
        told = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}"><rdf:Description '
        told += f'xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="{there}"/>'
        path = tmp_path / "elsewhere.jpg"
        Image.fromarray(NOISE).save(path, xmp=f"{told}</rdf:RDF></x:xmpmeta>".encode())
        assert manifest(path) is None
        with pytest.raises(TimeoutError):
            server.accept()


def test_what_cannot_sign(files: tuple[Path, Path], by: Credentials, tmp_path: Path) -> None:
    certificates, key = files
    with pytest.raises(UserError, match="there is no key"):
        credentials(certificates, tmp_path / "none.pem")
    with pytest.raises(UserError, match=r"certificates\.pem is no private key in PEM"):
        credentials(certificates, certificates)
    with pytest.raises(UserError, match="the picture cannot be signed"):
        signed(encode(NOISE, ".png"), ".png", credentials(key, key))
