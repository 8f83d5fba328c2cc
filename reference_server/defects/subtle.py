"""Faults as real servers have had them: a check that is there, and wrong."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from reference_server.addresses import normal_address
from reference_server.errors import OAuthError, invalid_dpop_proof, invalid_grant, invalid_request
from reference_server.exchange import Exchange
from reference_server.guarding import Check, Defect
from reference_server.guards.authorization import Authorization
from reference_server.guards.code import s256
from reference_server.keys import base64url


def nothing(_: object) -> None:
    """A check that checks nothing."""


def _redirect_uri(agrees: Callable[[str, str], bool]) -> Check:
    """The comparison at the token endpoint, made by `agrees(shown, sent)`."""

    def check(exchange: Exchange) -> None:
        code, shown = exchange.code, exchange.get("redirect_uri")
        if code and shown and not agrees(shown, code.redirect_uri):
            raise invalid_grant("another redirect_uri")

    return check


def _registered(agrees: Callable[[str, str], bool]) -> Check:
    """The comparison at the authorization endpoint, made by `agrees(shown, registered)`."""

    def check(request: Authorization) -> None:
        registered = request.client.redirect_uris if request.client else ()
        if not any(agrees(request.redirect_uri, uri) for uri in registered):
            raise invalid_request("redirect_uri not registered")

    return check


def _verifier(agrees: Callable[[str, str], bool]) -> Check:
    """The comparison of a verifier with the stored challenge, made by `agrees`."""

    def check(exchange: Exchange) -> None:
        code, shown = exchange.code, exchange.get("code_verifier")
        if code and code.code_challenge and shown and not agrees(shown, code.code_challenge):
            raise invalid_grant("code_verifier does not match")

    return check


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _without_query(url: str) -> str:
    return url.split("?", maxsplit=1)[0].split("#", maxsplit=1)[0]


def _htu(agrees: Callable[[str, str], bool]) -> Check:
    """The comparison of htu with the address, made by `agrees(shown, url)`."""

    def check(exchange: Exchange) -> None:
        shown = exchange.dpop.claims.get("htu") if exchange.dpop else None
        if isinstance(shown, str) and not agrees(shown, exchange.url):
            raise invalid_dpop_proof("htu")

    return check


def _htm_any_case(exchange: Exchange) -> None:
    shown = exchange.dpop.claims.get("htm") if exchange.dpop else None
    if isinstance(shown, str) and shown.upper() != exchange.request.method:
        raise invalid_dpop_proof("htm")


def _ath_if_present(exchange: Exchange) -> None:
    shown = exchange.dpop.claims.get("ath") if exchange.dpop else None
    digest = hashlib.sha256(exchange.access_token.encode()).digest()
    if shown is not None and shown != base64url(digest):
        raise invalid_dpop_proof("ath")


def _method_any_case(request: Authorization) -> None:
    method = request.get("code_challenge_method") or "plain"
    if request.get("code_challenge") and method.upper() != "S256":
        raise invalid_request("transform algorithm not supported")


def _grant_type_any_case(exchange: Exchange) -> None:
    shown = exchange.get("grant_type").lower()
    if shown not in {"authorization_code", "refresh_token"}:
        raise invalid_request(f"grant_type {shown!r}")
    exchange.values["grant_type"] = shown


def _nonce_present(exchange: Exchange) -> None:
    if exchange.dpop and not exchange.dpop.claims.get("nonce"):
        raise invalid_dpop_proof("no nonce")


def _only_es256(exchange: Exchange) -> None:
    if exchange.dpop and exchange.dpop.header.get("alg") != "ES256":
        raise invalid_dpop_proof("alg")


def _no_other_claims(exchange: Exchange) -> None:
    known = {"jti", "htm", "htu", "iat", "nonce", "ath"}
    if exchange.dpop and set(exchange.dpop.claims) - known:
        raise invalid_dpop_proof("unknown claim")


def _verifier_like(pattern: str) -> Check:
    def check(exchange: Exchange) -> None:
        shown = exchange.get("code_verifier")
        if shown and not re.fullmatch(pattern, shown):
            raise invalid_grant("malformed code_verifier")

    return check


def _first_registered(exchange: Exchange) -> None:
    uris = exchange.client.redirect_uris if exchange.client else ()
    if uris and exchange.get("redirect_uri") != uris[0]:
        raise invalid_grant("another redirect_uri")


def _code_grant_only(exchange: Exchange) -> None:
    if exchange.get("grant_type") != "authorization_code":
        raise OAuthError("unsupported_grant_type", "only codes")


def _default_grant_type(exchange: Exchange) -> None:
    exchange.values.setdefault("grant_type", "authorization_code")


def _no_unknown_parameters(exchange: Exchange) -> None:
    if any(name.startswith("tokenspec_") for name, _ in exchange.parameters):
        raise invalid_request("unknown parameter")


def _no_unknown_authorize_parameters(request: Authorization) -> None:
    if any(name.startswith("tokenspec_") for name, _ in request.parameters):
        raise invalid_request("unknown parameter")


def _none_gives_way(request: Authorization) -> None:
    words = request.get("prompt").split()
    if len(words) > 1:
        request.values["prompt"] = " ".join(word for word in words if word != "none")


def _method_at_token(shown: str, challenge: str) -> bool:
    return challenge in (shown, s256(shown))


REDIRECT, REGISTERED = "redirect_uri.same", "authorize.redirect_uri_registered"
VERIFIER, FORM = "pkce.verifier_matches", "pkce.verifier_form"
R_SAME, R_EXACT = "RFC6749-4.1.3-redirect_uri_identical", "RFC9700-2.1-exact_redirect_match"
R_PKCE, R_HTU = "RFC7636-4.6-mismatch_invalid_grant", "RFC9449-4.3-9_htu"


def _subtle(name: str, requirement: str, summary: str, **replaces: Check) -> Defect:
    """A defect; the keywords name guards with `__` for the dot."""
    return Defect(
        name, requirement, summary, {key.replace("__", "."): c for key, c in replaces.items()}
    )


def _at_token(name: str, summary: str, agrees: Callable[[str, str], bool]) -> Defect:
    return Defect(f"redirect_uri.{name}", R_SAME, summary, {REDIRECT: _redirect_uri(agrees)})


def _at_authorize(name: str, summary: str, agrees: Callable[[str, str], bool]) -> Defect:
    return Defect(f"authorize.redirect_{name}", R_EXACT, summary, {REGISTERED: _registered(agrees)})


def _with_verifier(name: str, summary: str, agrees: Callable[[str, str], bool]) -> Defect:
    return Defect(f"pkce.{name}", R_PKCE, summary, {VERIFIER: _verifier(agrees), FORM: nothing})


SUBTLE: tuple[Defect, ...] = (
    _at_token("prefix", "redirect_uri compared by prefix", lambda a, b: a.startswith(b)),
    _at_token(
        "any_case", "redirect_uri compared without case", lambda a, b: a.lower() == b.lower()
    ),
    _at_token("no_query", "query ignored", lambda a, b: _without_query(a) == _without_query(b)),
    _at_token("slash", "trailing slash ignored", lambda a, b: a.rstrip("/") == b.rstrip("/")),
    _at_token("host_only", "only the host compared", lambda a, b: _host(a) == _host(b)),
    _at_token("decoded", "compared after decoding", lambda a, b: unquote(a) == unquote(b)),
    _at_authorize("prefix", "redirect_uri matched by prefix", lambda a, b: a.startswith(b)),
    _at_authorize("any_case", "matched without case", lambda a, b: a.lower() == b.lower()),
    _at_authorize("host_only", "only the host matched", lambda a, b: _host(a) == _host(b)),
    _at_authorize(
        "host_ending", "matched by the end of the host", lambda a, _b: _host(a).endswith("example")
    ),
    _at_authorize(
        "host_in_url", "matched where the host occurs anywhere", lambda a, b: _host(b) in a
    ),
    _at_authorize("decoded", "matched after decoding", lambda a, b: unquote(unquote(a)) == b),
    _at_authorize(
        "no_scheme", "matched without scheme", lambda a, b: a.split(":")[1:] == b.split(":")[1:]
    ),
    _with_verifier(
        "any_case",
        "verifier compared without case",
        lambda a, b: s256(a.lower()) == b or s256(a) == b,
    ),
    _with_verifier("trimmed", "verifier trimmed first", lambda a, b: s256(a.strip()) == b),
    _with_verifier("challenge_is_verifier", "the challenge accepted as verifier", _method_at_token),
    _with_verifier(
        "prefix", "verifier that begins with the right one", lambda a, b: s256(a[:43]) == b
    ),
    _with_verifier("first_half", "only the form checked", lambda _a, _b: True),
    _subtle(
        "pkce.only_if_sent",
        "RFC7636-4.5-verifier_required",
        "the verifier is checked only when one is sent",
        pkce__verifier_present=nothing,
    ),
    _subtle(
        "pkce.method_any_case",
        "RFC7636-6.2.1-method_names_case_sensitive",
        "s256 is taken for S256",
        authorize__challenge_method_supported=_method_any_case,
    ),
    _subtle(
        "request.grant_type_any_case",
        "RFC6749-5.2-unsupported_grant_type",
        "the grant type is read without case",
        request__grant_type_known=_grant_type_any_case,
    ),
    Defect(
        "dpop.htu_prefix",
        R_HTU,
        "htu compared by prefix",
        {"dpop.htu": _htu(lambda a, b: a.startswith(b))},
    ),
    Defect(
        "dpop.htu_host_only",
        R_HTU,
        "only the host of htu compared",
        {"dpop.htu": _htu(lambda a, b: normal_address(a)[:3] == normal_address(b)[:3])},
    ),
    Defect(
        "dpop.htu_path_only",
        R_HTU,
        "only the path of htu compared",
        {"dpop.htu": _htu(lambda a, b: normal_address(a)[3:] == normal_address(b)[3:])},
    ),
    Defect(
        "dpop.htu_exact",
        "RFC9449-4.3-9_htu_ignores_query",
        "htu compared to the character",
        {"dpop.htu": _htu(lambda a, b: a == b)},
    ),
    _subtle(
        "dpop.htm_any_case", "RFC9449-4.3-8_htm_case", "htm without case", dpop__htm=_htm_any_case
    ),
    _subtle(
        "dpop.ath_if_present", "RFC9449-4.3-12_ath", "ath only if there", dpop__ath=_ath_if_present
    ),
    _subtle(
        "dpop.any_nonce",
        "RFC9449-8-mismatch_same_error",
        "any nonce will do",
        dpop__nonce=_nonce_present,
    ),
    _subtle(
        "dpop.unverified",
        "RFC9449-4.3-6_signature",
        "algorithm, key and signature are not looked at",
        dpop__alg=nothing,
        dpop__jwk_present=nothing,
        dpop__jwk_fits_alg=nothing,
        dpop__signature=nothing,
    ),
    _subtle(
        "code.replay_accepted",
        "RFC6749-4.1.2-code_reuse_denied",
        "a code is never marked used",
        code__unused=nothing,
        code__consumed_once=nothing,
    ),
    _subtle(
        "refresh.replay_accepted",
        "RFC9700-4.14.2-rotation_replay_refused",
        "a replaced refresh token goes on working",
        refresh__active=nothing,
        refresh__consumed_once=nothing,
    ),
    _subtle(
        "dpop.only_es256",
        "RFC9449-5.1-alg_values_metadata",
        "only ES256 works, whatever the metadata lists",
        dpop__alg=_only_es256,
    ),
    _subtle(
        "dpop.other_claims_refused",
        "RFC9449-4.2-other_claims",
        "a proof with a further claim is refused",
        dpop__jti_present=_no_other_claims,
    ),
    _subtle(
        "pkce.off_by_one",
        "RFC7636-4.6-match_continues",
        "a verifier of 43 or 128 characters is refused",
        pkce__verifier_form=_verifier_like(r"[A-Za-z0-9\-._~]{44,127}"),
    ),
    _subtle(
        "pkce.no_tilde",
        "RFC7636-4.6-match_continues",
        "a verifier with a tilde is refused",
        pkce__verifier_form=_verifier_like(r"[A-Za-z0-9\-._]{43,128}"),
    ),
    _subtle(
        "pkce.downgrade",
        "RFC9700-4.8.2-reject_unexpected_verifier",
        "a code without challenge is redeemed with any verifier",
        authorize__challenge_present=nothing,
        pkce__no_verifier_without_challenge=nothing,
    ),
    _subtle(
        "authorize.open_redirector",
        "RFC6749-4.1.2.1-bad_client_or_redirect_no_redirect",
        "neither client nor redirect_uri are looked at",
        authorize__client_known=nothing,
        authorize__redirect_uri_registered=nothing,
    ),
    _at_authorize("loopback_exact", "a loopback port is compared", lambda a, b: a == b),
    _subtle(
        "redirect_uri.first_registered",
        "RFC6749-4.1.4-success_200",
        "redirect_uri is compared with the first registered one",
        redirect_uri__same=_first_registered,
    ),
    _subtle(
        "request.no_refresh",
        "RFC6749-6-success_as_5_1",
        "refresh tokens are issued and never taken",
        request__grant_type_known=_code_grant_only,
    ),
    _subtle(
        "request.grant_type_assumed",
        "RFC6749-4.1.3-grant_type_required",
        "a missing grant_type is taken for authorization_code",
        request__grant_type_present=_default_grant_type,
    ),
    _subtle(
        "request.unknown_refused",
        "RFC6749-3.2-unknown_param_ignored",
        "an unknown token parameter is refused",
        request__no_repeats=_no_unknown_parameters,
    ),
    _subtle(
        "authorize.unknown_refused",
        "RFC6749-3.1-unknown_param_ignored",
        "an unknown authorization parameter is refused",
        authorize__no_repeats=_no_unknown_authorize_parameters,
    ),
    _subtle(
        "authorize.none_gives_way",
        "OIDCC-3.1.2.1-prompt_none_combined",
        "none is dropped where it stands beside another prompt",
        authorize__prompt_none_alone=_none_gives_way,
    ),
    _subtle(
        "client.two_methods_accepted",
        "RFC6749-2.3-one_auth_method",
        "of two authentication methods one is enough",
        client__one_method=nothing,
        client__registered_method=nothing,
    ),
    _subtle(
        "request.get_accepted",
        "RFC6749-3.2-post_only",
        "tokens are given for GET, parameters in the query",
        request__method_post=nothing,
        request__form_encoded=nothing,
    ),
    _subtle(
        "client.not_authenticated",
        "RFC6749-3.2.1-confidential_authenticates",
        "a confidential client need not authenticate",
        client__registered_method=nothing,
        client__secret=nothing,
        client__one_method=nothing,
    ),
)
