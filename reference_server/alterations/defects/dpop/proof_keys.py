"""PKCE checked too loosely or too strictly: RFC 7636."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from tokenspec.reference_server.alterations.building import nothing, subtle
from tokenspec.reference_server.alterations.defects.grants.codes import newest_code
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.errors import OAuthError, invalid_grant, invalid_request
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check, Guard
from tokenspec.reference_server.guards import authorization
from tokenspec.reference_server.guards import code as rules
from tokenspec.reference_server.guards.code import s256

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


def _with_verifier(name: str, summary: str, agrees: Callable[[str, str], bool]) -> Alteration:
    return Alteration(f"pkce.{name}", R_PKCE, summary, {VERIFIER: _verifier(agrees), FORM: nothing})


def _for(applies: Callable[[Exchange], bool], guards: tuple[Guard, ...]) -> Mapping[str, Check]:
    """The guards, kept up only where `applies`."""

    def weakened(guard: Guard) -> Check:
        return lambda exchange: guard.check(exchange) if applies(exchange) else None

    return {guard.name: weakened(guard) for guard in guards}


def _is_public(exchange: Exchange) -> bool:
    return exchange.public


def _is_confidential(exchange: Exchange) -> bool:
    return not exchange.public


def _public_needs_challenge(request: Authorization) -> None:
    if request.client and request.client.auth_method == "none":
        authorization.challenge_present.check(request)


def _first_72(exchange: Exchange) -> None:
    """As hashes made for passwords have it; the last character of a longer one does not count."""
    code, shown = exchange.code, exchange.get("code_verifier")
    if code and len(shown) > 72 and code.code_challenge:  # noqa: PLR2004 - what bcrypt reads
        return
    rules.verifier_matches.check(exchange)


def _one_try(exchange: Exchange) -> None:
    """The challenge is dropped with the first attempt that fails."""
    code = exchange.code
    try:
        rules.verifier_matches.check(exchange)
    except OAuthError:
        if code:
            exchange.core.store.add_code(replace(code, code_challenge=""))
        raise


def _newest_challenge(exchange: Exchange) -> None:
    """The challenge is looked up by client, so that a later request overwrites it."""
    shown = exchange.get("code_verifier")
    newest = newest_code(exchange)
    if newest and shown and s256(shown) != newest.code_challenge:
        raise invalid_grant("code_verifier does not match")


def _method_will_do(request: Authorization) -> None:
    if not request.get("code_challenge") and not request.get("code_challenge_method"):
        raise invalid_request("code challenge required")


def _default_s256(request: Authorization) -> None:
    if request.get("code_challenge"):
        request.values.setdefault("code_challenge_method", "S256")
    authorization.challenge_method_supported.check(request)


def _unnamed_is_plain(request: Authorization) -> None:
    """A method that is named is looked at; one that is not is plain, offered or not."""
    if request.get("code_challenge_method"):
        authorization.challenge_method_supported.check(request)


def _unknown_is_none(request: Authorization) -> None:
    """A method nobody knows is taken for no PKCE at all."""
    if request.get("code_challenge_method") not in {"", "S256", "plain"}:
        request.values["code_challenge"] = ""
    else:
        authorization.challenge_method_supported.check(request)


def _method_trimmed(request: Authorization) -> None:
    if request.get("code_challenge_method"):
        request.values["code_challenge_method"] = request.get("code_challenge_method").strip()
    authorization.challenge_method_supported.check(request)


def _padded(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode()


def _hexadecimal(verifier: str) -> str:
    return hashlib.sha256(verifier.encode()).hexdigest()


def _plain(agrees: Callable[[str, str], bool]) -> Check:
    """The comparison of the method plain, made by `agrees(shown, challenge)`."""

    def check(exchange: Exchange) -> None:
        code, shown = exchange.code, exchange.get("code_verifier")
        if code is None or code.code_challenge_method != "plain":
            rules.verifier_matches.check(exchange)
        elif code.code_challenge and shown and not agrees(shown, code.code_challenge):
            raise invalid_grant("code_verifier does not match")

    return check


R_ENFORCED, R_DOWNGRADE = "RFC9700-2.1.1-verifier_enforced", "RFC9700-2.1.1-downgrade_mitigated"
R_METHOD, R_HASH = "RFC7636-4.4.1-transform_unsupported", "RFC7636-4.2-s256_computation"
R_PLAIN = "RFC7636-4.6-plain_comparison"
VERIFYING = (rules.verifier_present, rules.verifier_form, rules.verifier_matches)
DOWNGRADED = (rules.no_verifier_without_challenge,)

DEFECTS: tuple[Alteration, ...] = (
    Alteration(
        "pkce.only_public",
        R_ENFORCED,
        "verifiers are checked for public clients only",
        _for(_is_public, VERIFYING),
    ),
    Alteration(
        "pkce.only_confidential",
        R_ENFORCED,
        "verifiers are checked for confidential clients only",
        _for(_is_confidential, VERIFYING),
    ),
    Alteration(
        "pkce.absent_from_confidential",
        "RFC7636-4.5-verifier_required",
        "a confidential client may leave the verifier out",
        _for(_is_public, (rules.verifier_present,)),
    ),
    Alteration(
        "pkce.downgrade_of_confidential_requests",
        "RFC9700-4.8.2-reject_unexpected_verifier",
        "confidential clients may leave out the challenge, and still send a verifier",
        {**_for(_is_public, DOWNGRADED), "authorize.challenge_present": _public_needs_challenge},
    ),
    subtle(
        "pkce.public_only_needs_challenge",
        "OAUTH21-4.1.2.1-confidential_without_challenge",
        "confidential clients may leave out the challenge, with a nonce or without",
        authorize__challenge_present=_public_needs_challenge,
    ),
    subtle(
        "pkce.forgotten_after_failure",
        R_ENFORCED,
        "a failed attempt ends the check of the verifier",
        pkce__verifier_matches=_one_try,
        pkce__verifier_form=nothing,
        pkce__no_verifier_without_challenge=nothing,
    ),
    subtle(
        "pkce.challenge_of_client",
        "RFC7636-4.4-associates_challenge",
        "the challenge is kept for the client, not for the code",
        pkce__verifier_matches=_newest_challenge,
    ),
    subtle(
        "pkce.method_is_enough",
        "RFC7636-4.3-challenge_param",
        "a method without a challenge passes for PKCE",
        authorize__challenge_present=_method_will_do,
    ),
    subtle(
        "pkce.default_s256",
        "RFC7636-4.3-method_default_plain",
        "a challenge without a method is taken for S256",
        authorize__challenge_method_supported=_default_s256,
    ),
    subtle(
        "pkce.plain_by_omission",
        "RFC7636-7.2-plain_not_used",
        "a challenge without a method is plain where plain is not offered",
        authorize__challenge_method_supported=_unnamed_is_plain,
    ),
    subtle(
        "pkce.unknown_method_is_none",
        R_METHOD,
        "an unknown method turns PKCE off",
        authorize__challenge_method_supported=_unknown_is_none,
    ),
    subtle(
        "pkce.method_trimmed",
        R_METHOD,
        "space around the name of a method is overlooked",
        authorize__challenge_method_supported=_method_trimmed,
    ),
    Alteration(
        "pkce.padded_hash",
        R_HASH,
        "the hash is compared with its padding",
        {VERIFIER: _verifier(lambda a, b: _padded(a) == b)},
    ),
    Alteration(
        "pkce.hexadecimal_hash",
        R_HASH,
        "the hash is taken in hexadecimal too",
        {
            VERIFIER: _verifier(lambda a, b: b in (s256(a), _hexadecimal(a))),
            "authorize.challenge_form": nothing,
        },
    ),
    Alteration(
        "pkce.first_72",
        R_PKCE,
        "only the first 72 characters of a verifier count",
        {VERIFIER: _first_72},
    ),
    Alteration(
        "pkce.until_nul",
        R_PKCE,
        "a verifier ends at its first NUL",
        {VERIFIER: _verifier(lambda a, b: s256(a.split("\0")[0]) == b), FORM: nothing},
    ),
    Alteration(
        "pkce.plain_any_case",
        R_PLAIN,
        "plain verifiers are compared without case",
        {VERIFIER: _plain(lambda a, b: a.lower() == b.lower())},
    ),
    Alteration(
        "pkce.plain_prefix",
        R_PLAIN,
        "the beginning of a plain verifier is enough",
        {VERIFIER: _plain(lambda a, b: b.startswith(a))},
    ),
    Alteration(
        "pkce.plain_unchecked",
        R_PLAIN,
        "plain verifiers are not compared at all",
        {VERIFIER: _plain(lambda _a, _b: True)},
    ),
    Alteration(
        "pkce.plain_refused",
        R_PLAIN,
        "plain verifiers are hashed before they are compared",
        {VERIFIER: _verifier(lambda a, b: s256(a) == b)},
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
