"""An evidence bundle: whole, it says so; altered by one byte anywhere, it is refused."""

from __future__ import annotations

import io
import json
import random
import zipfile
from pathlib import Path

import jwt
import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from tests.reports.conftest import Made
from tokenspec.conformance.cli import main
from tokenspec.conformance.errors import UnusableFile
from tokenspec.conformance.record.bundle import MANIFEST, SIGNATURE, bundle, verify
from tokenspec.conformance.record.redacted_target import without_secrets

KEYS: dict[str, PrivateKeyTypes] = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


def pem_files(folder: Path, key: PrivateKeyTypes) -> tuple[Path, Path]:
    private, public = folder / "key.pem", folder / "public.pem"
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    )
    return private, public


@pytest.fixture(scope="module")
def packed(flawed: Made, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Path]:
    """A signed bundle, and the public key."""
    private, public = pem_files(tmp_path_factory.mktemp("keys"), KEYS["ES256"])
    return bundle(flawed.record, [flawed.path], {}, private), public


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def changes(tmp_path: Path, content: bytes, key: Path | None = None) -> tuple[str, ...]:
    path = tmp_path / "bundle.zip"
    path.write_bytes(content)
    return verify(path, key).changes


def test_a_bundle_holds_everything_and_is_whole(
    packed: tuple[bytes, Path], flawed: Made, tmp_path: Path
) -> None:
    content, public = packed
    held = members(content)
    assert set(held) >= {
        "records/record.ndjson", "audit.html", "junit.xml", "summary.md", "results.sarif",
        "ctrf.json", MANIFEST, SIGNATURE,
    }  # fmt: skip
    assert held["records/record.ndjson"] == flawed.path.read_bytes()
    assert changes(tmp_path, content) == ()
    assert changes(tmp_path, content, public) == ()
    assert bundle(flawed.record, [flawed.path], {}) == bundle(flawed.record, [flawed.path], {})


@pytest.mark.parametrize("algorithm", KEYS)
def test_others_can_check_the_signature(flawed: Made, tmp_path: Path, algorithm: str) -> None:
    """With a JOSE library, the manifest put back as the payload (RFC 7515, Appendix F)."""
    private, public = pem_files(tmp_path, KEYS[algorithm])
    held = members(bundle(flawed.record, [flawed.path], {}, private))
    protected, empty, signature = held[SIGNATURE].decode().strip().split(".")
    assert empty == ""
    whole = f"{protected}.{jwt.utils.base64url_encode(held[MANIFEST]).decode()}.{signature}"
    verified = jwt.PyJWS().decode_complete(whole, public.read_bytes(), algorithms=[algorithm])
    assert verified["payload"] == held[MANIFEST]
    assert verified["header"]["alg"] == algorithm
    assert "d" not in verified["header"]["jwk"]


def test_one_byte_altered_is_named_by_its_file(packed: tuple[bytes, Path], tmp_path: Path) -> None:
    content, _ = packed
    for name, held in members(content).items():
        at = content.index(held) + len(held) // 2
        altered = bytearray(content)
        altered[at] ^= 1
        (change, *_) = changes(tmp_path, bytes(altered))
        assert change.startswith(f"{name}: changed"), name


def test_no_byte_of_the_archive_can_be_altered(packed: tuple[bytes, Path], tmp_path: Path) -> None:
    """Also where it holds no contents: in headers, in the directory, after the end."""
    content, _ = packed
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        headers = [i.header_offset + n for i in archive.infolist() for n in range(30)]
        directory = range(archive.start_dir, len(content))
    chosen = random.Random(7)
    places = {*chosen.sample(headers, 60), *chosen.sample(directory, 120)}
    for at in sorted(places):
        altered = bytearray(content)
        altered[at] ^= 1 << chosen.randrange(8)
        try:
            assert changes(tmp_path, bytes(altered)) != (), at
        except UnusableFile:
            continue  # it is no longer an archive
    for longer in (content + b"\n", b"\n" + content):
        assert changes(tmp_path, longer) != ()


def test_a_manifest_made_anew_does_not_fit_the_signature(
    packed: tuple[bytes, Path], tmp_path: Path, flawed: Made
) -> None:
    content, public = packed
    held = members(content)
    held["records/record.ndjson"] = held["records/record.ndjson"].replace(b'"fail"', b'"pass"')
    private, other_public = pem_files(tmp_path, KEYS["ES384"])
    forged = tmp_path / "records" / "record.ndjson"
    forged.parent.mkdir()
    forged.write_bytes(held["records/record.ndjson"])
    remade = bundle(flawed.record, [forged], {}, private)
    assert changes(tmp_path, remade, other_public) == ()  # whole, but signed by someone else
    (change,) = changes(tmp_path, remade, public)
    assert change.startswith(f"{SIGNATURE}: the signature does not fit")
    unsigned = bundle(flawed.record, [forged], {})
    assert changes(tmp_path, unsigned, public) == (f"{SIGNATURE}: there is no signature",)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_no_other_algorithm_is_taken(
    packed: tuple[bytes, Path], tmp_path: Path, algorithm: str
) -> None:
    content, public = packed
    held = members(content)
    protected, _, signature = held[SIGNATURE].decode().strip().split(".")
    header = json.loads(jwt.utils.base64url_decode(protected)) | {"alg": algorithm}
    forged = jwt.utils.base64url_encode(json.dumps(header).encode()).decode()
    packed_again = io.BytesIO()
    with zipfile.ZipFile(packed_again, "w") as archive:
        for name, body in (held | {SIGNATURE: f"{forged}..{signature}".encode()}).items():
            archive.writestr(name, body)
    assert any(SIGNATURE in c for c in changes(tmp_path, packed_again.getvalue(), public))


def test_files_added_taken_out_and_compressed_are_named(
    packed: tuple[bytes, Path], tmp_path: Path
) -> None:
    held = members(packed[0])
    packed_again = io.BytesIO()
    with zipfile.ZipFile(packed_again, "w") as archive:
        for name, body in held.items():
            if name == "junit.xml":
                continue
            kind = zipfile.ZIP_DEFLATED if name == "summary.md" else zipfile.ZIP_STORED
            archive.writestr(name, body, kind)
        archive.writestr("../evil", b"x")
    told = changes(tmp_path, packed_again.getvalue())
    assert any(change.startswith("junit.xml: missing") for change in told)
    assert any(change.startswith("../evil: added") for change in told)
    assert any(change.startswith("summary.md: changed") for change in told)


def test_the_command(flawed: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    private, public = pem_files(tmp_path, KEYS["ES256"])
    path = tmp_path / "evidence.zip"
    made = ["report", str(flawed.path), "--bundle", str(path), "--sign", str(private)]
    assert main(made) == 0
    assert main(["verify", str(path), "--key", str(public)]) == 0
    said = capsys.readouterr().out
    assert "unchanged" in said
    assert "signed with the given key" in said
    altered = bytearray(path.read_bytes())
    altered[altered.index(b"Does not conform")] ^= 1
    path.write_bytes(altered)
    assert main(["verify", str(path)]) == 1
    assert "audit.html: changed" in capsys.readouterr().out
    path.write_bytes(b"no archive")
    assert main(["verify", str(path)]) == 4
    assert main(["verify", str(tmp_path / "nothing.zip")]) == 4
    assert main(["report", str(flawed.path), "--sign", str(private)]) == 4
    wrong = ["report", str(flawed.path), "--bundle", str(path), "--sign", str(public)]
    assert main(wrong) == 4


def test_a_target_file_is_handed_on_without_secrets() -> None:
    text = """\
format: 1  # the secret is hunter2-literal
issuer: http://127.0.0.1:1
clients:
  - {client_id: a, auth: client_secret_basic, secret: hunter2-literal, redirect_uris: [https://c]}
  - {client_id: b, auth: private_key_jwt, private_key: {file: key.pem}, redirect_uris: [https://c]}
login: {username: alice, password: {env: PASSWORD}, cookies: "sid=abcdef", command: [sh, -c, x]}
authorize: {hint: hunter2-literal}
network: {proxy: "http://user:pass@proxy.example:3128"}
"""
    shown = without_secrets(text)
    for secret in ("hunter2-literal", "abcdef", "user:pass", "sh"):
        assert secret not in shown.replace("client_secret", ""), secret
    read = yaml.safe_load(shown)
    assert read["login"]["password"] == {"env": "PASSWORD"}
    assert read["clients"][1]["private_key"] == {"file": "key.pem"}
    assert read["network"]["proxy"] == "http://proxy.example:3128"
