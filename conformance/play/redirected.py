"""Which of several addresses an authorization response went to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from tokenspec.conformance.login.browse import callback, is_callback, leads_to_the_same
from tokenspec.conformance.login.model import AuthorizationResult, Ending
from tokenspec.conformance.play.transcript import Sent


def settled(
    result: AuthorizationResult, sent: Sent, registered: Collection[str]
) -> AuthorizationResult:
    """The result, by the addresses that were asked for and those that are registered.

    Of several registered ones that were asked for, the answer may have gone to any. One that
    nobody registered may have led to one that is, and carried nothing along.
    """
    asked = sent.get("redirect_uri", ())
    if result.ending is Ending.CALLBACK and len(asked) == 1 and asked[0] not in registered:
        same = (leads_to_the_same(result.location, str(asked[0]), uri) for uri in registered)
        return replace(result, at_registered=any(same))
    for uri in asked if result.ending is Ending.ELSEWHERE else ():
        if uri in registered and is_callback(result.location, str(uri)):
            return callback(result.location, (), str(uri))
    return result
