"""Causes in words: what is wrong, and where in a server's code to look."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tokenspec.conformance.diagnosis.alike import status_alone
from tokenspec.reference_server.alterations.defects import DEFECTS
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.guarding import GUARDS
from tokenspec.reference_server.seams import SEAMS
from tokenspec.reports.symptoms import step_kind

Line = Mapping[str, Any]
LEFT_OUT = "left out: "
_CITED = re.compile(r"^[A-Z][^:]*\d[^:]*: ")  # a document and section before a rule
_GUARD = re.compile(r"what ([a-z_]+\.[a-z_]+) refuses")
CLAIMS = ("acr", "amr", "aud", "azp", "exp", "htm", "htu", "iat", "iss", "jti", "kid", "sub", "typ")
_MEMBERS = re.compile(r", with .*")
STEPS: Mapping[str, str] = {
    "authorize": "the authorization endpoint",
    "push": "the endpoint for pushed requests",
    "token": "the token endpoint",
    "refresh": "the token endpoint, at a refresh",
    "userinfo": "userinfo",
    "resource": "the protected resource",
    "revoke": "the revocation endpoint",
    "introspect": "the introspection endpoint",
    "metadata": "the metadata",
    "jwks": "the key set",
}


def sentence(defect: str) -> str:
    """What is wrong at a server with a defect."""
    summary = DEFECTS[defect].summary
    if not summary.startswith(LEFT_OUT):
        return _sentence(summary)
    rule = _CITED.sub("", summary.removeprefix(LEFT_OUT)).rstrip(".")
    if DEFECTS[defect].guards:
        return f"Not checked, or not everywhere: {rule}."
    return f"Not so, or not everywhere: {rule}."


def place(defect: str) -> str:
    """Where to look in the code of a server."""
    return "; ".join(_places(DEFECTS[defect]))


def _places(alteration: Alteration) -> Sequence[str]:
    checks = (f"the check that {_CITED.sub('', GUARDS[n].summary)}" for n in alteration.guards)
    told = (f"where this is made: {SEAMS[name].summary}" for name in alteration.tells)
    found = [one.rstrip(".") for one in (*checks, *told)]
    if alteration.configures:
        found.append("the configuration")
    if alteration.store:
        found.append("what is kept of codes, tokens and sessions, and how it is changed")
    if alteration.clock:
        found.append("how the time is told")
    return found


def uniform_sentence(lines: Sequence[Line]) -> str:
    """What many findings say alike."""
    first = lines[0]
    where, seen = _where(*lines), _seen(first)
    due = {str(line["expected"]) for line in lines}
    statuses = {status_alone(line) for line in lines}
    if len(statuses) == 1 and "" not in statuses:
        status = statuses.pop()
        return f"{where} refuses with status {status}; the errors are right, another status is due."
    if first["kind"] == "accepted":
        return f"{where} grants what {first['citation']} forbids, in {len(lines)} cases."
    if first["kind"] == "wrong-error":
        wanted = f"where {due.pop()} is due" if len(due) == 1 else "whatever error is due"
        return f"{where} answers “{seen}” {wanted}."
    if first["kind"] == "server-error":
        return f"{where} fails with “{seen}” at requests it should refuse or answer."
    if first["kind"] in {"leak", "timeout", "refused"}:
        return f"{where}: {seen}, in {len(lines)} cases."
    return f"Answers of {where[0].lower()}{where[1:]} have the same fault of form: {seen}."


def _seen(line: Line) -> str:
    """What was got, less the members of an answer; of one that is wrong in its form, the form."""
    of_form = line["kind"] == "wrong-envelope" and line["note"]
    return str(line["note"] if of_form else _MEMBERS.sub("", line["observed"]))


def finding_sentence(lines: Sequence[Line]) -> str:
    """What the findings of one scenario say that no known fault explains."""
    first = lines[0]
    said = first["observed"] or first["note"]
    return f"{first['title'].rstrip('.')}: {said}, where {first['expected']} is due."


def _where(*lines: Line) -> str:
    """Where it was seen; a refresh is no place of its own where codes are redeemed as well."""
    steps = sorted(set(map(step_kind, lines)))
    step = "token" if steps == ["refresh", "token"] else steps[0]
    said = STEPS.get(step, f"the answer at {step}" if step else "the server")
    return said[0].upper() + said[1:]


def _sentence(text: str) -> str:
    """A summary as a sentence: guards by what they check, names of the protocol as they are."""
    text = _GUARD.sub(_rule, text).rstrip(".") + "."
    first = text.partition(" ")[0]
    return text if "_" in first or first in CLAIMS else text[0].upper() + text[1:]


def _rule(found: re.Match[str]) -> str:
    name = found.group(1)
    if name not in GUARDS:
        return found.group()
    return f"a request that breaks a rule (“{_CITED.sub('', GUARDS[name].summary).rstrip('.')}”)"
