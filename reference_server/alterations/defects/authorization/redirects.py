"""redirect_uri compared too loosely or too strictly: RFC 6749 §4.1.3, RFC 9700 §2.1."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from tokenspec.reference_server.alterations.building import nothing, subtle
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.errors import invalid_grant, invalid_request
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check

REDIRECT, REGISTERED = "redirect_uri.same", "authorize.redirect_uri_registered"
R_SAME, R_EXACT = "RFC6749-4.1.3-redirect_uri_identical", "RFC9700-2.1-exact_redirect_match"


def _redirect_uri(agrees: Callable[[str, str], bool]) -> Check:
    """The comparison at the token endpoint, made by `agrees(shown, sent)`."""

    def check(exchange: Exchange) -> None:
        code, shown = exchange.code, exchange.get("redirect_uri")
        if code and shown and not agrees(shown, code.redirect_uri):
            raise invalid_grant("another redirect_uri")

    return check


def agreeing(agrees: Callable[[str, str], bool]) -> Check:
    """The comparison at the authorization endpoint, made by `agrees(shown, registered)`."""

    def check(request: Authorization) -> None:
        registered = request.client.redirect_uris if request.client else ()
        if not any(agrees(request.redirect_uri, uri) for uri in registered):
            raise invalid_request("redirect_uri not registered")

    return check


def host_of(url: str) -> str:
    """The host of a URL; empty where it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _without_query(url: str) -> str:
    return url.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0]


def _first_registered(exchange: Exchange) -> None:
    uris = exchange.client.redirect_uris if exchange.client else ()
    if uris and exchange.get("redirect_uri") != uris[0]:
        raise invalid_grant("another redirect_uri")


def _at_token(name: str, summary: str, agrees: Callable[[str, str], bool]) -> Alteration:
    return Alteration(f"redirect_uri.{name}", R_SAME, summary, {REDIRECT: _redirect_uri(agrees)})


def _at_authorize(name: str, summary: str, agrees: Callable[[str, str], bool]) -> Alteration:
    return Alteration(
        f"authorize.redirect_{name}", R_EXACT, summary, {REGISTERED: agreeing(agrees)}
    )


DEFECTS: tuple[Alteration, ...] = (
    _at_token("prefix", "redirect_uri compared by prefix", lambda a, b: a.startswith(b)),
    _at_token(
        "any_case", "redirect_uri compared without case", lambda a, b: a.lower() == b.lower()
    ),
    _at_token("no_query", "query ignored", lambda a, b: _without_query(a) == _without_query(b)),
    _at_token("slash", "trailing slash ignored", lambda a, b: a.rstrip("/") == b.rstrip("/")),
    _at_token("host_only", "only the host compared", lambda a, b: host_of(a) == host_of(b)),
    _at_token("decoded", "compared after decoding", lambda a, b: unquote(a) == unquote(b)),
    _at_authorize("prefix", "redirect_uri matched by prefix", lambda a, b: a.startswith(b)),
    _at_authorize("any_case", "matched without case", lambda a, b: a.lower() == b.lower()),
    _at_authorize("host_only", "only the host matched", lambda a, b: host_of(a) == host_of(b)),
    _at_authorize(
        "host_ending",
        "matched by the end of the host",
        lambda a, _b: host_of(a).endswith("example"),
    ),
    _at_authorize(
        "host_in_url", "matched where the host occurs anywhere", lambda a, b: host_of(b) in a
    ),
    _at_authorize("decoded", "matched after decoding", lambda a, b: unquote(unquote(a)) == b),
    _at_authorize(
        "no_scheme", "matched without scheme", lambda a, b: a.split(":")[1:] == b.split(":")[1:]
    ),
    subtle(
        "authorize.open_redirector",
        "RFC6749-4.1.2.1-bad_client_or_redirect_no_redirect",
        "neither client nor redirect_uri are looked at",
        authorize__client_known=nothing,
        authorize__redirect_uri_registered=nothing,
    ),
    Alteration(
        "authorize.redirect_loopback_exact",
        "RFC8252-7.3-loopback_any_port",
        "a loopback port is compared",
        {REGISTERED: agreeing(lambda a, b: a == b)},
    ),
    subtle(
        "redirect_uri.first_registered",
        "RFC6749-4.1.4-success_200",
        "redirect_uri is compared with the first registered one",
        redirect_uri__same=_first_registered,
    ),
)
