"""How grave a cause is: what was granted to whom, and what one has to have to profit by it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from tokenspec.conformance.diagnosis.model import Severity, Weight
from tokenspec.conformance.verdicts import AT_REGISTERED

Line = Mapping[str, Any]
NOW, WITH, INTEROPERABILITY, ADVICE = Severity

BETWEEN = "a part between client and server that reads the request in another way"
# Where a request was granted that had to be refused: by area, what its sender has to have first.
NEEDED: Mapping[str, str] = {
    "pkce": "a code that was meant for another client instance",
    "oauth21": "a code or token that got into other hands",
    "fapi": "a code or token that got into other hands",
    "code": "a code that is used, has expired or was issued to another client",
    "redirect_uri": "a code of another authorization request",
    "refresh": "a refresh token that was stolen, replaced or revoked",
    "offline_access": "a user who agreed to less",
    "dpop": "a token or proof that was stolen, which binding to a key should make worthless",
    "client_auth": "a code or token of the client, which its authentication should make worthless",
    "request": BETWEEN,
    "silent_auth": "a user who is signed in and is not asked again",
    "metadata": "a token that was stolen, and revoked for that",
    "resource": "a token that was stolen, which binding to a key should make worthless",
}
NO_MORE = "a malformed request is taken; no more is granted than to a valid one"
CARRIED = "a client that is led by what the address carries, or another program on the machine"
PLAIN_BY_DEFAULT = "RFC7636-4.3-method_default_plain"
USERS = "users"  # the area of cases with two users
TIED = ("RFC9449", "FAPI2SP")  # what is broken there is a second line of defence
# By the beginning of a requirement: what is grave whatever kind of finding shows it.
ALWAYS: Mapping[str, Weight] = {
    "RFC6749-10.14": Weight(NOW, "what a link carries runs in a page of the server"),
    "RFC9700-4.11": Weight(NOW, "a link to the server leads users wherever its author likes"),
    "RFC6749-10.10": Weight(WITH, "codes or tokens can be guessed, with enough tries"),
    "RFC6749-10.3": Weight(WITH, "tokens can be guessed, with enough tries"),
    "RFC9700-4.16": Weight(WITH, "a page that frames the login can have users click in it"),
    "OIDCC-3.1.2.3-csrf": Weight(WITH, "a page that frames the login can have users click in it"),
    "RFC9700-4.12-no_307": Weight(WITH, "a client that is not honest gets the password posted"),
    "RFC6749-5.1-cache": Weight(WITH, "tokens stay in caches that others can read"),
    "RFC9700-2.6": Weight(WITH, "scripts of other origins can call what only browsers should"),
}
OF_FORM: Mapping[str, str] = {
    "accepted": "clients rely on a refusal that does not come",
    "refused": "clients that do as the text says are refused",
    "wrong-error": "the request is refused; clients cannot tell why and do the wrong thing next",
    "wrong-envelope": "the answer is not in the form that clients read",
    "server-error": "nothing was granted; clients are told of a fault of the server",
}


def weight(lines: Collection[Line], requirement: str) -> Weight:
    """The severity of a cause, from the broken findings that it explains."""
    for beginning, found in ALWAYS.items():
        if requirement.startswith(beginning):
            return found
    musts = [line for line in lines if str(line["level"]).startswith("MUST")]
    leaks = [line for line in musts if line["kind"] == "leak"]
    if leaks:
        return Weight(NOW, "something was sent to a place where it must not go")
    if any(line["area"] == USERS and line["kind"] == "wrong-envelope" for line in musts):
        return Weight(NOW, "what is one user's is told of another, with nothing else wrong")
    weights = [_granted(line) for line in musts if line["kind"] == "accepted"]
    if weights:
        return min(weights, key=lambda one: tuple(Severity).index(one.severity))
    failed = [line for line in musts if line["verdict"] != "warn"] or musts
    if not failed:
        return Weight(ADVICE, "the text recommends it; nothing that it demands is broken")
    kinds = [str(line["kind"]) for line in failed]
    return Weight(INTEROPERABILITY, OF_FORM.get(max(kinds, key=kinds.count), OF_FORM["refused"]))


def _granted(line: Line) -> Weight:
    """The weight of a request that was granted and had to be refused."""
    step, area = str(line["step"]).partition("-")[0], str(line["area"])
    requirement = str(line["requirement"])
    if "duplicate_param" in requirement:
        return Weight(WITH, f"granted at {line['step']}; it takes {BETWEEN}")
    direct = _direct(step, area, requirement)
    if direct:
        return Weight(NOW, direct)
    if step == "authorize" and area in ("authorization", "request", "response"):
        return Weight(INTEROPERABILITY, NO_MORE)
    if step == "authorize" and area == "redirect_uri":
        return _of_address(str(line["note"]))
    if requirement == PLAIN_BY_DEFAULT and step == "token":
        return Weight(INTEROPERABILITY, "the verifier is asked for all the same")
    needed = NEEDED.get(area, "something that others have")
    return Weight(WITH, f"granted at {line['step']}; it takes {needed}")


def _of_address(note: str) -> Weight:
    """The weight of a code for a wrong redirect_uri that was sent to no foreign place.

    That would be a leak. It came to the registered address, or to another on the user's machine.
    """
    if AT_REGISTERED in note:
        return Weight(INTEROPERABILITY, NO_MORE)
    return Weight(WITH, f"granted at authorize; it takes {CARRIED}")


def _direct(step: str, area: str, requirement: str) -> str:
    """Why nothing else has to be wrong; empty where something has."""
    if area == USERS or "sub_mismatch" in requirement:
        return "one user is taken for another"
    if step == "introspect":
        return "whoever asks is told what a token is good for, with nothing else"
    if step in ("userinfo", "resource") and not requirement.startswith(TIED):
        return "a token that is no good opens what it should not, with nothing else"
    return ""
