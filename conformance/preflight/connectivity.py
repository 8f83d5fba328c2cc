"""The way to the target, before anything of OAuth: name, port, certificate."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from tokenspec.conformance.preflight.step import CheckStep
from tokenspec.conformance.target.model import Target
from tokenspec.conformance.target.proxied import plainly
from tokenspec.conformance.transport.network import tls_context

SOON = 14  # days before the end of a certificate that are worth a word
FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
# OpenSSL's verification errors by number (x509_vfy.h)
EXPIRED, NOT_YET_VALID = 10, 9
HOST_NAME = (62, 64)  # by name, by address
SELF_SIGNED, UNKNOWN_ISSUER = (18, 19), (2, 20, 21)
TRUST = "trust it with 'network: {ca_file: ca.pem}', or, for a test system, say 'verify_tls: false'"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the target is connected to."""

    host: str
    port: int
    name: str  # that the certificate has to bear
    secure: bool


def probe_connectivity(target: Target) -> Iterator[CheckStep]:
    """The steps in order; ends at the first that fails.

    Args:
        target: the target, of which `issuer`, `network` and `verify_tls` are looked at.
    """
    place = _place(target)
    probes: list[Callable[[], CheckStep]] = []
    if target.network.proxy:
        proxy = urlsplit(target.network.proxy)
        yield CheckStep(
            "DNS", passed=True, detail=f"left to the proxy at {proxy.hostname}:{proxy.port}"
        )
    else:
        probes = [lambda: _name(target, place), lambda: _port(target, place)]
        if place.secure:
            probes.append(lambda: _tls(target, place))
    for probe in probes:
        step = probe()
        yield step
        if step.ends_it:
            return


def _place(target: Target) -> _Place:
    parts = urlsplit(target.issuer)
    secure = parts.scheme == "https" and not target.network.plain_http
    host, port = parts.hostname or "", parts.port or (443 if secure else 80)
    name = urlsplit(f"//{target.network.host}").hostname if target.network.host else host
    if target.network.address:
        address = urlsplit(f"//{target.network.address}")
        host, port = address.hostname or "", address.port or port
    return _Place(host, port, name or host, secure)


def _name(target: Target, place: _Place) -> CheckStep:
    setting = "network.address" if target.network.address else "issuer"
    family = FAMILIES.get(target.network.ip_version, socket.AF_UNSPEC)
    try:
        found = socket.getaddrinfo(place.host, place.port, family, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        hint = f"check the host in '{setting}', and this machine's name service"
        text = f"{place.host} has no address: {_said(error)}"
        return CheckStep("DNS", passed=False, detail=text, hint=hint)
    addresses = ", ".join(dict.fromkeys(str(item[4][0]) for item in found))
    return CheckStep("DNS", passed=True, detail=f"{place.host} is {addresses}")


def _connect(target: Target, place: _Place) -> socket.socket:
    """A connection; of the family the file asks for, else the first that answers."""
    family = FAMILIES.get(target.network.ip_version, socket.AF_UNSPEC)
    last: OSError = OSError("no address")
    for kind, sort, protocol, _, address in socket.getaddrinfo(
        place.host, place.port, family, socket.SOCK_STREAM
    ):
        made = socket.socket(kind, sort, protocol)
        made.settimeout(target.limits.timeout)
        try:
            made.connect(address)
        except OSError as error:
            made.close()
            last = error
        else:
            return made
    raise last


def _port(target: Target, place: _Place) -> CheckStep:
    where = f"{place.host}:{place.port}"
    setting = "network.address" if target.network.address else "issuer"
    try:
        _connect(target, place).close()
    except OSError as error:
        return CheckStep(
            "connection",
            passed=False,
            detail=f"nothing answers at {where}: {_said(error)}",
            hint=f"start the server, or fix host and port of '{setting}'; a way through a proxy "
            "is 'network: {proxy: …}'",
        )
    return CheckStep("connection", passed=True, detail=f"{where} accepts connections")


def _tls(target: Target, place: _Place) -> CheckStep:
    context = tls_context(target.network, verify_tls=target.verify_tls)
    try:
        with (
            contextlib.closing(_connect(target, place)) as bare,
            context.wrap_socket(bare, server_hostname=place.name) as wrapped,
        ):
            return _certificate(target, wrapped)
    except ssl.SSLCertVerificationError as error:
        return CheckStep("TLS", passed=False, detail=_fault(error, place), hint=_fix(error, place))
    except (ssl.SSLError, OSError) as error:
        hint = f"is {place.port} the port for https in 'issuer', or does the server speak plain "
        hint += "http there? Does it ask for a client certificate "
        hint += f"('network: {{client_certificate: …}}')? Or, {plainly()}"
        text = f"no TLS connection to {place.host}:{place.port}: {_said(error)}"
        return CheckStep("TLS", passed=False, detail=text, hint=hint)


def _certificate(target: Target, wrapped: ssl.SSLSocket) -> CheckStep:
    version = wrapped.version() or "TLS"
    if not target.verify_tls:
        return CheckStep(
            "TLS", passed=True, detail=f"{version}, certificate not verified (verify_tls)"
        )
    certificate: Any = wrapped.getpeercert() or {}
    ends = ssl.cert_time_to_seconds(certificate["notAfter"])
    days = int((ends - time.time()) // 86400)
    until = datetime.fromtimestamp(ends, UTC).date()
    soon = f", which is soon ({days} days)" if days < SOON else ""
    return CheckStep("TLS", passed=True, detail=f"{version}, certificate valid until {until}{soon}")


def _fault(error: ssl.SSLCertVerificationError, place: _Place) -> str:
    match error.verify_code:
        case code if code == EXPIRED:
            return f"the certificate of {place.name} has expired"
        case code if code == NOT_YET_VALID:
            return f"the certificate of {place.name} is not valid yet"
        case code if code in HOST_NAME:
            return f"the certificate at {place.host}:{place.port} is not for {place.name}"
        case code if code in SELF_SIGNED:
            return f"the certificate of {place.name} is self-signed"
        case code if code in UNKNOWN_ISSUER:
            return f"the certificate of {place.name} has an issuer that is not trusted here"
        case _:
            return f"the certificate of {place.name} is not valid: {error.verify_message}"


def _fix(error: ssl.SSLCertVerificationError, place: _Place) -> str:
    match error.verify_code:
        case code if code in (EXPIRED, NOT_YET_VALID):
            return (
                "renew the certificate, and see that this machine's clock is right; for a test "
                "system, 'verify_tls: false'"
            )
        case code if code in HOST_NAME:
            return (
                "put the name the certificate is for into 'issuer', or, behind a load balancer, "
                f"say which with 'network: {{host: …}}' (asked for now: {place.name})"
            )
        case _:
            return TRUST


def _said(error: Exception) -> str:
    return getattr(error, "strerror", None) or getattr(error, "reason", None) or str(error)
