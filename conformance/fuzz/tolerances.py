"""Tolerances: what is left to a server whatever it chose before, where data alone cannot say it.

What it may choose once, and is held to, stands in `allowed_choices.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tokenspec.conformance.fuzz.allowed_choices import allowed_choices
from tokenspec.conformance.fuzz.citing import (
    CHALLENGE_METHOD,
    REPLAY_REFUSED,
    REPLAY_REVOKES,
    method_left_out,
    shown_token,
)
from tokenspec.conformance.fuzz.compare import Divergence
from tokenspec.conformance.play.transcript import Played, Transcript
from tokenspec.conformance.scenario.model import Answer, StepKind
from tokenspec.conformance.target.model import Client, Target
from tokenspec.conformance.verdicts import Kind

PRINTABLE = re.compile(r"[\x20-\x7E]*")
OTHER_GRANTS = ("client_credentials", "password", "urn:")  # how the names of others begin
CLIENT_KNOWN = "client.known"
ROTATION = (REPLAY_REFUSED, REPLAY_REVOKES)
LEFT_OPEN: tuple[
    tuple[str, Any, Kind], ...
] = (  # a member of a header, its value, and what a server may do
    ("crit", [], Kind.ACCEPTED),
    ("b64", False, Kind.REFUSED),
    ("typ", "application/dpop+jwt", Kind.REFUSED),
)
Rule = Callable[[Divergence, Transcript, Target], bool]


def _client(play: Transcript, target: Target) -> Client | None:
    return next((one for one in target.clients if one.client_id == play.client_id), None)


def _is_public(play: Transcript, target: Target) -> bool:
    client = _client(play, target)
    return client is not None and client.auth == "none"


def _error_unnamed(divergence: Divergence, _play: Transcript, _target: Target) -> bool:
    return divergence.kind is Kind.WRONG_ERROR and divergence.guard not in allowed_choices().errors


def _rotation_of_bound_tokens(divergence: Divergence, play: Transcript, _target: Target) -> bool:
    """RFC 9700 §2.2.2: bound to a key, or rotated."""
    return divergence.requirement in ROTATION and play.setting.dpop


def _for_some_clients(divergence: Divergence, play: Transcript, _target: Target) -> bool:
    """RFC 9700 §2.2.2, RFC 9449 §8."""
    differs = divergence.requirement in ROTATION or divergence.guard == "dpop.nonce"
    return differs and play.setting.client != "main"


def _only_address(divergence: Divergence, play: Transcript, target: Target) -> bool:
    """OpenID Connect Core §3.1.3.2."""
    client = _client(play, target)
    alone = client is not None and len(client.redirect_uris) == 1
    return alone and divergence.guard == "redirect_uri.present"


def _address_left_out(divergence: Divergence, play: Transcript, _target: Target) -> bool:
    """RFC 6749 §3.1.2.3, §4.1.3, OpenID Connect Core §3.1.2.1; the suite only observes it."""
    asked = (played for played in play.steps if played.step.kind is StepKind.AUTHORIZE)
    named = all(played.sent.get("redirect_uri") for played in asked)
    concerned = divergence.step_kind in (StepKind.AUTHORIZE, StepKind.TOKEN)
    return divergence.kind is Kind.REFUSED and concerned and not named


def _method_left_out(divergence: Divergence, play: Transcript, _target: Target) -> bool:
    """RFC 7636 §4.3: it is plain then, and a hash must not open such a code."""
    shown = play.step(divergence.step)
    left_out = shown is not None and method_left_out(shown)
    opened = any(
        played.step.kind is StepKind.TOKEN and played.answer is Answer.GRANTED
        for played in play.steps
    )
    accepted = divergence.kind is Kind.ACCEPTED and divergence.guard == CHALLENGE_METHOD
    return accepted and left_out and not opened


def _another_grant(divergence: Divergence, play: Transcript, _target: Target) -> bool:
    """RFC 6749 §4.3, §4.4, §4.5: a server may know it, and miss something else."""
    shown = play.step(divergence.step)
    named = str(next(iter(shown.sent.get("grant_type", ())), "")) if shown else ""
    return divergence.kind is Kind.WRONG_ERROR and named.startswith(OTHER_GRANTS)


def _outside_the_grammar(divergence: Divergence, play: Transcript, _target: Target) -> bool:
    """RFC 6749 Appendix A, §5.2."""
    shown = play.step(divergence.step)
    texts = [value for values in shown.sent.values() for value in values] if shown else []
    odd = any(not isinstance(text, str) or not PRINTABLE.fullmatch(text) for text in texts)
    return divergence.kind is Kind.WRONG_ERROR and odd


def _in_an_address(divergence: Divergence, play: Transcript, _target: Target) -> bool:
    """RFC 7009 §2.3, RFC 7662 §4."""
    shown = play.step(divergence.step)
    http = shown.step.changes.http if shown else None
    managing = divergence.step_kind in (StepKind.REVOKE, StepKind.INTROSPECT)
    return managing and http is not None and http.encoding == "query"


def _refresh_token_introspected(divergence: Divergence, play: Transcript, _target: Target) -> bool:
    """RFC 7662 §2.1: the search is among the kinds of token that the server supports."""
    shown = play.step(divergence.step)
    about = shown_token(shown) if shown and shown.step.kind is StepKind.INTROSPECT else ""
    refreshes = any(played.received.get("refresh_token") == about for played in play.steps)
    return divergence.kind is Kind.REFUSED and bool(about) and refreshes


def _introspection_unproven(divergence: Divergence, play: Transcript, target: Target) -> bool:
    """RFC 7662 §2.1."""
    shown = play.step(divergence.step)
    turned_away = shown is not None and shown.answer is Answer.REFUSED
    introspecting = divergence.step_kind is StepKind.INTROSPECT
    return turned_away and introspecting and _is_public(play, target)


def _proof_beside_bearer(divergence: Divergence, play: Transcript, _target: Target) -> bool:
    """RFC 9449 §7.1."""
    shown = play.step(divergence.step)
    if divergence.kind is not Kind.REFUSED or shown is None or not shown.exchanges:
        return False
    request = shown.exchanges[-1].request
    scheme = (request.header("Authorization") or "").partition(" ")[0]
    return scheme.lower() == "bearer" and request.header("DPoP") is not None


def _header_left_open(divergence: Divergence, play: Transcript, _target: Target) -> bool:
    """RFC 7515 §4.1.9, §4.1.11, RFC 7797 §7."""
    shown = play.step(divergence.step)
    changes = shown.step.changes if shown else None
    assertion = changes.client_auth.assertion if changes and changes.client_auth else None
    made = (changes.dpop if changes else None, assertion)
    changed = [(name, c.argument) for one in made if one for name, c in one.header.items()]
    return bool(changed) and all(
        any(pair == (name, value) and divergence.kind is kind for name, value, kind in LEFT_OPEN)
        for pair in changed
    )


def _same_tokens_at_once(divergence: Divergence, play: Transcript, _target: Target) -> bool:
    """RFC 9700 §4.14.2 is about a second use, which this is not."""
    shown = play.step(divergence.step)
    if divergence.kind is not Kind.ACCEPTED or shown is None or not shown.step.concurrent_group:
        return False
    others = (one for one in play.steps if one.step.concurrent_group == shown.step.concurrent_group)
    alike = any(one is not shown and _tokens(one) == _tokens(shown) for one in others)
    return shown.step.kind is StepKind.REFRESH and alike


def _tokens(played: Played) -> tuple[Any, Any]:
    return played.received.get("access_token"), played.received.get("refresh_token")


def _credentials_of_a_public_client(
    divergence: Divergence, play: Transcript, target: Target
) -> bool:
    """RFC 6749 §2.3: whatever it authenticates with is nothing to rely on."""
    shown = play.step(divergence.step)
    named = shown is not None and play.client_id in shown.sent.get("client_id", ())
    accepted = divergence.kind is Kind.ACCEPTED and divergence.guard == CLIENT_KNOWN
    return accepted and named and _is_public(play, target)


BY_CLIENT = "Rotation (RFC 9700 §2.2.2) and nonces (RFC 9449 §8) may be for some clients only."
RULES: tuple[tuple[Rule, str], ...] = (
    (
        _error_unnamed,
        "No text names one error code for this refusal, and the suite asks where one does.",
    ),
    (_rotation_of_bound_tokens, BY_CLIENT),
    (_for_some_clients, BY_CLIENT),
    (
        _only_address,
        "OpenID Connect Core §3.1.3.2 lets an only registered redirect URI go unnamed.",
    ),
    (
        _address_left_out,
        "An address that is left out may be demanded, or count as if it had been sent.",
    ),
    (_method_left_out, "A challenge without a method is a plain one, which no hash will open."),
    (_another_grant, "A server that knows the grant may miss what belongs to it first."),
    (
        _outside_the_grammar,
        "What the grammar of RFC 6749 Appendix A has no place for may be called malformed.",
    ),
    (
        _refresh_token_introspected,
        "RFC 7662 §2.1 leaves to a server of which kinds of token it tells.",
    ),
    (_in_an_address, "RFC 7009 §2.3 and RFC 7662 §4 know of parameters in an address."),
    (
        _introspection_unproven,
        "RFC 7662 §2.1 has callers authorised, and a public client proves nothing.",
    ),
    (_same_tokens_at_once, "Refreshes sent together that are given the same tokens are one use."),
    (
        _credentials_of_a_public_client,
        "RFC 6749 §2.3 has a public client known by its client_id, whatever it shows beside that.",
    ),
    (
        _header_left_open,
        "RFC 7515 §4.1.11 forbids its maker alone an empty crit, RFC 7797 §7 a false b64.",
    ),
    (
        _proof_beside_bearer,
        "RFC 9449 §7.1 has a proof go with a token of type DPoP; another may be refused.",
    ),
)


def why_tolerated(divergence: Divergence, play: Transcript, target: Target) -> str:
    """Why a divergence in a play at `target` is tolerated; empty where it is not."""
    return next((why for holds, why in RULES if holds(divergence, play, target)), "")
