"""PKCE checked too loosely or too strictly: RFC 7636."""

from __future__ import annotations

import re
from collections.abc import Callable

from reference_server.defects.building import nothing, subtle
from reference_server.errors import invalid_grant, invalid_request
from reference_server.exchange import Exchange
from reference_server.guarding import Check, Defect
from reference_server.guards.authorization import Authorization
from reference_server.guards.code import s256

VERIFIER, FORM = "pkce.verifier_matches", "pkce.verifier_form"
R_PKCE = "RFC7636-4.6-mismatch_invalid_grant"


def _verifier(agrees: Callable[[str, str], bool]) -> Check:
    """The comparison of a verifier with the stored challenge, made by `agrees`."""

    def check(exchange: Exchange) -> None:
        code, shown = exchange.code, exchange.get("code_verifier")
        if code and code.code_challenge and shown and not agrees(shown, code.code_challenge):
            raise invalid_grant("code_verifier does not match")

    return check


def _method_any_case(request: Authorization) -> None:
    method = request.get("code_challenge_method") or "plain"
    if request.get("code_challenge") and method.upper() != "S256":
        raise invalid_request("transform algorithm not supported")


def _method_assumed(request: Authorization) -> None:
    """A challenge without a method counts as S256."""
    if not request.get("code_challenge"):
        return
    if request.values.setdefault("code_challenge_method", "S256") != "S256":
        raise invalid_request("transform algorithm not supported")


def _verifier_like(pattern: str) -> Check:
    def check(exchange: Exchange) -> None:
        shown = exchange.get("code_verifier")
        if shown and not re.fullmatch(pattern, shown):
            raise invalid_grant("malformed code_verifier")

    return check


def _method_at_token(shown: str, challenge: str) -> bool:
    return challenge in (shown, s256(shown))


def _with_verifier(name: str, summary: str, agrees: Callable[[str, str], bool]) -> Defect:
    return Defect(f"pkce.{name}", R_PKCE, summary, {VERIFIER: _verifier(agrees), FORM: nothing})


DEFECTS: tuple[Defect, ...] = (
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
    subtle(
        "pkce.only_if_sent",
        "RFC7636-4.5-verifier_required",
        "the verifier is checked only when one is sent",
        pkce__verifier_present=nothing,
    ),
    subtle(
        "pkce.method_any_case",
        "RFC7636-6.2.1-method_names_case_sensitive",
        "s256 is taken for S256",
        authorize__challenge_method_supported=_method_any_case,
    ),
    subtle(
        "pkce.method_assumed",
        "RFC7636-4.3-method_default_plain",
        "a challenge without a method is taken for S256",
        authorize__challenge_method_supported=_method_assumed,
    ),
    subtle(
        "pkce.off_by_one",
        "RFC7636-4.6-match_continues",
        "a verifier of 43 or 128 characters is refused",
        pkce__verifier_form=_verifier_like(r"[A-Za-z0-9\-._~]{44,127}"),
    ),
    subtle(
        "pkce.no_tilde",
        "RFC7636-4.6-match_continues",
        "a verifier with a tilde is refused",
        pkce__verifier_form=_verifier_like(r"[A-Za-z0-9\-._]{43,128}"),
    ),
    subtle(
        "pkce.downgrade",
        "RFC9700-4.8.2-reject_unexpected_verifier",
        "a code without challenge is redeemed with any verifier",
        authorize__challenge_present=nothing,
        pkce__no_verifier_without_challenge=nothing,
    ),
)
