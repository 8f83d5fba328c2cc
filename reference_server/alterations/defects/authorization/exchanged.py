"""redirect_uri compared too loosely when a code is exchanged: RFC 6749 §4.1.3."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote, urljoin, urlsplit

from tokenspec.reference_server.alterations.building import subtle
from tokenspec.reference_server.alterations.defects.authorization.redirects import host_of
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.errors import invalid_grant
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check
from tokenspec.reference_server.guards import code as rules

R_SAME = "RFC6749-4.1.3-redirect_uri_identical"
R_PRESENT = "RFC6749-4.1.3-redirect_uri_required_if_sent"


def _same(agrees: Callable[[str, str], bool]) -> Check:
    """The comparison with the address of the code, made by `agrees(shown, sent)`."""

    def check(exchange: Exchange) -> None:
        code, shown = exchange.code, exchange.get("redirect_uri")
        if code and shown and shown != code.redirect_uri and not agrees(shown, code.redirect_uri):
            raise invalid_grant("another redirect_uri")

    return check


def _any_registered(exchange: Exchange) -> None:
    registered = exchange.client.redirect_uris if exchange.client else ()
    if exchange.get("redirect_uri") not in registered:
        rules.redirect_uri_same.check(exchange)


def _of_any_client(exchange: Exchange) -> None:
    clients = exchange.core.config.clients
    if not any(exchange.get("redirect_uri") in client.redirect_uris for client in clients):
        rules.redirect_uri_same.check(exchange)


def _empty_taken(exchange: Exchange) -> None:
    if ("redirect_uri", "") not in exchange.parameters:
        rules.redirect_uri_present.check(exchange)


def _port_of(url: str) -> str:
    host = urlsplit(url).netloc
    return host.rpartition(":")[2] if ":" in host else ""


def _loosely(name: str, summary: str, agrees: Callable[[str, str], bool]) -> Alteration:
    return subtle(f"redirect_uri.{name}", R_SAME, summary, redirect_uri__same=_same(agrees))


DEFECTS: tuple[Alteration, ...] = (
    _loosely("trimmed", "space around redirect_uri is dropped", lambda a, b: a.strip() == b),
    _loosely(
        "userinfo_dropped", "a user name is dropped", lambda a, b: a.replace("user@", "") == b
    ),
    _loosely("fragment_dropped", "the fragment is dropped", lambda a, b: a.split("#")[0] == b),
    _loosely(
        "port_dropped",
        "the port is dropped",
        lambda a, b: a.replace(f":{_port_of(a)}", "", 1) == b and _port_of(a) != "",
    ),
    _loosely(
        "scheme_dropped",
        "schemes are not compared",
        lambda a, b: a.split(":")[1:] == b.split(":")[1:],
    ),
    _loosely("cut_short", "the beginning is enough", lambda a, b: b.startswith(a)),
    _loosely(
        "path_any_case",
        "the case of letters in a path is not compared",
        lambda a, b: a.lower() == b.lower() and host_of(a) == host_of(b),
    ),
    _loosely(
        "host_any_case",
        "the case of a host is not compared",
        lambda a, b: a.replace(urlsplit(a).netloc, urlsplit(a).netloc.lower(), 1) == b,
    ),
    _loosely("decoded_twice", "decoded twice", lambda a, b: unquote(unquote(a)) == b),
    _loosely(
        "resolved",
        "dots in a path are resolved first, as far as the registered directory",
        lambda a, b: urljoin(b, ".") == urljoin(a, "."),
    ),
    subtle(
        "redirect_uri.any_registered",
        R_SAME,
        "any registered address of the client will do",
        redirect_uri__same=_any_registered,
    ),
    subtle(
        "redirect_uri.of_any_client",
        R_SAME,
        "an address of any client will do",
        redirect_uri__same=_of_any_client,
    ),
    subtle(
        "redirect_uri.empty_taken",
        R_PRESENT,
        "an empty redirect_uri passes for one that is there",
        redirect_uri__present=_empty_taken,
    ),
)
