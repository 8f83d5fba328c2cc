"""Which requirement a divergence breaks: of its guard, of its token, of its grant.

The most exact is cited, and the mildest where a token may be invalid for several reasons.
"""

from __future__ import annotations

import itertools
from urllib.parse import urlsplit

from tokenspec.conformance.play.oracle import OracleResult
from tokenspec.conformance.play.transcript import Played
from tokenspec.conformance.scenario.model import Answer, HttpChanges, Step, StepKind
from tokenspec.conformance.verdicts import Kind
from tokenspec.reference_server import Refusal

# What a grant stands on where no guard of the oracle refused, by the kind of request.
GRANTS = {
    StepKind.AUTHORIZE: "RFC6749-4.1.2-code_in_query",
    StepKind.TOKEN: "RFC6749-4.1.4-success_200",
    StepKind.REFRESH: "RFC6749-6-success_as_5_1",
    StepKind.USERINFO: "OIDCC-5.3.2-sub",
    StepKind.REVOKE: "RFC7009-2-access_tokens",
    StepKind.INTROSPECT: "RFC7662-2.2-active_boolean",
}
REUSE_REVOKES = "RFC6749-4.1.2-code_reuse_revokes_access_token"
REPLAY_REVOKES = "RFC9700-4.14.2-rotation_replay_revokes_family"
REPLAY_REFUSED = "RFC9700-4.14.2-rotation_replay_refused"
INACTIVE = "RFC7662-2.2-inactive"
REVOKED, RELATED, REFRESH_CASCADES, ACCESS_CASCADES = (
    "RFC7009-2.1-immediate", "RFC7009-2.1-related_tokens",
    "RFC7009-2.1-refresh_cascades", "RFC7009-2.1-access_cascades",
)  # fmt: skip
HINTED = {  # what a grant stands on where token_type_hint is changed
    StepKind.REVOKE: "RFC7009-2.1-hint_extends_search",
    StepKind.INTROSPECT: "RFC7662-2.1-hint_extends_search",
}
EMPTY_IS_OMITTED = {  # what a grant stands on where a parameter is sent empty
    StepKind.AUTHORIZE: "RFC6749-3.1-empty_param_omitted",
    StepKind.TOKEN: "RFC6749-3.2-empty_param_omitted",
    StepKind.REFRESH: "RFC6749-3.2-empty_param_omitted",
}
UNKNOWN_HINT = "RFC7009-2.2-invalid_hint_no_effect"
HINTS = (("access_token",), ("refresh_token",))  # as sent
ASSERTED_CLIENT = "RFC7521-4.2-client_id_same_client"
OTHERS_TOKEN = "RFC7009-2.1-token_of_other_client"
SHOWN = {  # the parameter that names the token a step is about
    StepKind.REFRESH: "refresh_token",
    StepKind.USERINFO: "access_token",
    StepKind.REVOKE: "token",
    StepKind.INTROSPECT: "token",
}
IN_THE_QUERY = {  # what is broken where parameters stand in the address
    StepKind.TOKEN: "RFC6749-3.2-post_only",
    StepKind.REFRESH: "RFC6749-3.2-post_only",
    StepKind.USERINFO: "RFC6750-2.3-query_method",
}
CHALLENGE_METHOD = "authorize.challenge_method_supported"
METHOD_DEFAULT = "RFC7636-4.3-method_default_plain"
PLAIN_USED = "RFC7636-7.2-plain_not_used"
REGISTERED = "authorize.redirect_uri_registered"
OTHER_SPELLING = "RFC6749-3.1.2.3-simple_string_comparison"
ADDRESS_MISSING = "RFC6749-3.1.2.3-multiple_registered_requires_param"
DEATHS = ("resource.token_active", "refresh.active")  # guards that refuse a token that was good


def broken(kind: Kind, ours: Played, oracle: OracleResult) -> str:
    """What another answer than the oracle's breaks: of what can be said, the most exact."""
    refusal = oracle.refusals.get(ours.step.name)
    if refusal is None:
        in_vain = kind is Kind.REFUSED and _revoked_by_another(ours, oracle)
        return OTHERS_TOKEN if in_vain else granting(ours)
    if refusal.guard in DEATHS:
        return cause_of_death(ours, oracle) or refusal.requirement
    exact = (cite(kind, ours, refusal) for cite in EXACT)
    return next(filter(None, exact), refusal.requirement)


def _in_the_query(kind: Kind, ours: Played, _refusal: Refusal) -> str:
    http = ours.step.changes.http or HttpChanges()
    carried = kind is Kind.ACCEPTED and "query" in (http.encoding, http.access_token_in)
    return IN_THE_QUERY.get(ours.step.kind, "") if carried else ""


def _plain_used(_kind: Kind, ours: Played, refusal: Refusal) -> str:
    if refusal.guard != CHALLENGE_METHOD:
        return ""
    plain = ours.sent.get("code_challenge_method") == ("plain",)
    return METHOD_DEFAULT if method_left_out(ours) else PLAIN_USED if plain else ""


def _address_missing(_kind: Kind, ours: Played, refusal: Refusal) -> str:
    missing = refusal.guard == REGISTERED and not ours.sent.get("redirect_uri")
    return ADDRESS_MISSING if missing else ""


def _spelled_otherwise(_kind: Kind, ours: Played, refusal: Refusal) -> str:
    """The address of a valid request, host and scheme in another case or with space around it."""
    if refusal.guard != REGISTERED:
        return ""
    sent, valid = (
        urlsplit(str(next(iter(place.get("redirect_uri", ())), "")).strip())
        for place in (ours.sent, ours.valid)
    )
    same = sent._replace(netloc=sent.netloc.lower()) == valid._replace(netloc=valid.netloc.lower())
    return OTHER_SPELLING if same else ""


def _beside_an_assertion(_kind: Kind, ours: Played, refusal: Refusal) -> str:
    beside = "client_assertion" in ours.sent and "client_id" in ours.step.changes.parameters
    return ASSERTED_CLIENT if beside and refusal.guard.startswith("client.") else ""


EXACT = (_in_the_query, _plain_used, _address_missing, _spelled_otherwise, _beside_an_assertion)


def granting(ours: Played) -> str:
    """What the oracle's grant stands on."""
    kind = ours.step.kind
    emptied = any(ours.sent.get(name) == ("",) for name in ours.step.changes.parameters)
    if emptied and kind in EMPTY_IS_OMITTED:
        return EMPTY_IS_OMITTED[kind]
    hinted = kind in HINTED and "token_type_hint" in ours.step.changes.parameters
    if hinted and kind is StepKind.REVOKE and ours.sent.get("token_type_hint") not in HINTS:
        return UNKNOWN_HINT
    return HINTED[kind] if hinted else GRANTS[kind]


def cause_of_death(dead: Played, oracle: OracleResult) -> str:
    """The requirement by which the oracle's token had died before a step showed it.

    A token that was itself revoked or replaced died of that; else the mildest of what may have
    ended its family. Empty where nothing did.
    """
    shown = shown_token(dead)
    causes = []
    for played in oracle.transcript.steps:
        if played is dead:
            break
        kind, own = played.step.kind, shown_token(played) == shown
        refusal = oracle.refusals.get(played.step.name)
        granted = played.answer is Answer.GRANTED
        if kind is StepKind.REVOKE and granted:
            if own:
                return REVOKED
            causes.append(_revoked_with(shown_token(played), shown, oracle))
        if kind is StepKind.REFRESH and own and granted:
            return REPLAY_REFUSED
        if kind is StepKind.TOKEN and refusal and refusal.guard == "code.unused":
            causes.append(REUSE_REVOKES)
        if kind is StepKind.REFRESH and refusal and refusal.guard == "refresh.active":
            causes.append(REPLAY_REVOKES)
    mildest = (RELATED, ACCESS_CASCADES, REFRESH_CASCADES, REUSE_REVOKES, REPLAY_REVOKES)
    return min(causes, key=mildest.index, default="")


def _revoked_with(revoked: str, shown: str, oracle: OracleResult) -> str:
    """By which sentence of RFC 7009 §2.1 a token ends with another one of its grant."""
    if not _refreshes(revoked, oracle):
        return ACCESS_CASCADES
    open_to_the_server = _refreshes(shown, oracle) or _replaced(revoked, oracle)
    return RELATED if open_to_the_server else REFRESH_CASCADES


def _replaced(token: str, oracle: OracleResult) -> bool:
    """Whether a refresh token had been replaced, so that it was no token any more."""
    return any(
        played.step.kind is StepKind.REFRESH
        and shown_token(played) == token
        and played.received.get("refresh_token", token) != token
        for played in oracle.transcript.steps
    )


def _revoked_by_another(dead: Played, oracle: OracleResult) -> bool:
    """Whether another client had asked for the end of what a step shows."""
    before = itertools.takewhile(lambda played: played is not dead, oracle.transcript.steps)
    return dead.step.kind in SHOWN and any(map(no_revocation, (p.step for p in before)))


def no_revocation(step: Step) -> bool:
    """Whether it asks for the end of another client's token, which has to be in vain."""
    asks = step.kind is StepKind.REVOKE
    return asks and step.changes.client_auth is not None and bool(step.changes.client_auth.client)


def method_left_out(played: Played) -> bool:
    """Whether an authorization request names no code_challenge_method."""
    return played.sent.get("code_challenge_method") in (None, ("",))


def shown_token(played: Played) -> str:
    """The token that a step is about; empty where it shows none."""
    return str(next(iter(played.sent.get(SHOWN.get(played.step.kind, ""), ())), ""))


def _refreshes(token: str, oracle: OracleResult) -> bool:
    return any(p.received.get("refresh_token") == token for p in oracle.transcript.steps)
