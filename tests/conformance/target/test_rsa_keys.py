"""What the key of a client signs its assertions with, where there is a choice."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from tokenspec.conformance.errors import UnusableFile
from tokenspec.conformance.target.loader import read_target
from tokenspec.conformance.target.model import Client
from tokenspec.reference_server.demo import demo_private_key, demo_rsa_key

TARGET = """\
format: 1
issuer: https://as.example
clients:
  - client_id: app
    auth: private_key_jwt
    private_key: {file: key.pem}
    redirect_uris: ["https://app.example/callback"]
    algorithm: ALGORITHM
login: {kind: none}
"""


def client(folder: Path, key: PrivateKeyTypes, algorithm: str) -> Client:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "key.pem").write_bytes(pem)
    path = folder / "target.yaml"
    path.write_text(TARGET.replace("ALGORITHM", algorithm), encoding="utf-8")
    return read_target(path, {}, ("rfc",)).main


def test_an_rsa_key_signs_with_what_the_file_says(tmp_path: Path) -> None:
    assert client(tmp_path, demo_rsa_key(), "PS256").algorithm == "PS256"


@pytest.mark.parametrize(
    ("key", "algorithm", "problem"),
    [
        (demo_private_key, "PS256", "'algorithm' is for an RSA key"),
        (demo_rsa_key, "ES256", "ES256"),
    ],
)
def test_no_key_signs_with_an_algorithm_of_another_kind(
    tmp_path: Path, key: object, algorithm: str, problem: str
) -> None:
    assert callable(key)
    with pytest.raises(UnusableFile, match=problem):
        client(tmp_path, key(), algorithm)
