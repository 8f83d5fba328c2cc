"""Certificates made on the spot, and the reference server over TLS on the loopback."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tokenspec.reference_server import Server
from tokenspec.reference_server.shell import application


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path
    made: x509.Certificate
    private_key: ec.EllipticCurvePrivateKey


def issue(
    folder: Path,
    file: str,
    *names: str,
    by: Issued | None = None,
    days: tuple[int, int] = (-1, 30),
) -> Issued:
    """A certificate for `names` (hosts or addresses), signed `by` another or by itself.

    `days` are its beginning and end, counted from now; without names it may sign others.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, file)])
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(by.made.subject if by else own)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    signer = by.private_key if by else key
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = builder.add_extension(authority, critical=False)
    if names:
        subjects = x509.SubjectAlternativeName([_name(name) for name in names])
        builder = builder.add_extension(subjects, critical=False)
    else:
        usage = x509.KeyUsage(
            digital_signature=True, content_commitment=False, key_encipherment=False,
            data_encipherment=False, key_agreement=False, key_cert_sign=True, crl_sign=True,
            encipher_only=False, decipher_only=False,
        )  # fmt: skip
        builder = builder.add_extension(usage, critical=True)
    made = builder.sign(signer, hashes.SHA256())
    issued = Issued(folder / f"{file}.pem", folder / f"{file}.key", made, key)
    issued.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    issued.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return issued


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@contextmanager
def secured(
    make_server: Callable[[str], Server],
    issued: Issued,
    *,
    host: str = "127.0.0.1",
    issuer: str = "",
    clients: Path | None = None,
) -> Iterator[tuple[str, int]]:
    """The reference server over TLS; gives its issuer and port.

    Args:
        make_server: makes the server for an issuer.
        issued: what it shows.
        host: the loopback address it listens at.
        issuer: what it calls itself, where that is not its address.
        clients: who signs the certificates that clients have to show.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.bind((host, 0))
        listener.listen(128)
        port = listener.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        named = issuer or f"https://{shown}:{port}"
        settings = uvicorn.Config(
            application(make_server(named)),
            log_level="critical",
            access_log=False,
            lifespan="off",
            ssl_certfile=str(issued.certificate),
            ssl_keyfile=str(issued.key),
            ssl_ca_certs=str(clients) if clients else None,
            ssl_cert_reqs=ssl.CERT_REQUIRED if clients else ssl.CERT_NONE,
        )
        shell = uvicorn.Server(settings)
        thread = threading.Thread(target=shell.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield named, port
        finally:
            shell.should_exit = True
            thread.join(timeout=10)
