"""What an authorization request that passed its guards still asks of its user.

OpenID Connect Core §3.1.2.1 (prompt, max_age), §3.1.2.2 (whose consent), §3.1.2.3 (when to ask).
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.errors import OAuthError
from tokenspec.reference_server.guards.authorization import LOOPBACKS
from tokenspec.reference_server.guards.openid import subjects_asked
from tokenspec.reference_server.seams import Seam, seam
from tokenspec.reference_server.store import SignIn


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with what was done for it so far.

    `prompt` is what is still to be asked; `silent` says that no page may be shown; `fresh` that the
    user has just signed in, `aged` that the login is older than max_age allows.
    """

    request: Authorization
    sign_in: SignIn | None
    prompt: frozenset[str]
    silent: bool
    fresh: bool
    aged: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """What comes next: a page (`login`, `consent`), an `error`, or, with neither, a code."""

    page: str = ""
    error: OAuthError | None = None


ASKED: Seam[Asked, Authorization] = seam("asked", "what a request still asks of its user")
DECISION: Seam[Decision, Asked] = seam("decision", "what comes next: a page, an error or a code")


def asked(request: Authorization, sign_in: SignIn | None, *, fresh: bool, consented: bool) -> Asked:
    """What a request still asks, after a login (`fresh`) or a consent."""
    wanted = set(request.get("prompt").split())
    if unproven(request):
        wanted.add("consent")
    done = ({"login", "select_account"} if fresh else set()) | ({"consent"} if consented else set())
    prompt = frozenset(wanted - done)
    silent = prompt - {"consent"} == {"none"}
    aged = not fresh and sign_in is not None and _aged(request, sign_in)
    made = Asked(request, sign_in, prompt, silent=silent, fresh=fresh, aged=aged)
    return request.core.tell(ASKED, made, request)


def decide(what: Asked) -> Decision:
    """What comes next. A silent request gets an error where another one gets a page."""
    return what.request.core.tell(DECISION, _decision(what), what)


def _decision(what: Asked) -> Decision:
    anew = "login" in what.prompt or "select_account" in what.prompt or what.aged
    if what.sign_in is None or anew or _somebody_else(what.request, what.sign_in):
        if what.silent or what.fresh:
            return Decision(error=OAuthError("login_required", "not signed in"))
        return Decision("login")
    given = (what.request.get("client_id"), what.request.get("scope"))
    consented = what.request.core.store.consented(what.sign_in.username, given)
    if not consented or "consent" in what.prompt:
        if what.silent:
            return Decision(error=OAuthError("consent_required", "no consent"))
        return Decision("consent")
    return Decision()


def unproven(request: Authorization) -> bool:
    """RFC 8252 §8.6: any program on the machine can take a loopback address of a public client."""
    host = urlsplit(request.redirect_uri).hostname
    client = request.client
    return client is not None and client.auth_method == "none" and host in LOOPBACKS


def _aged(request: Authorization, sign_in: SignIn) -> bool:
    """OpenID Connect Core §3.1.2.1: a login older than max_age seconds is not good enough."""
    wanted = request.get("max_age")
    if not (wanted.isascii() and wanted.isdecimal()):
        return False
    oldest = float(wanted)  # of more digits than an int may have it is infinite
    return oldest == 0 or request.now - sign_in.auth_time > oldest


def _somebody_else(request: Authorization, sign_in: SignIn) -> bool:
    """OpenID Connect Core §3.1.2.2: the user is not the one that was asked for."""
    user, subjects = request.core.config.user(sign_in.username), subjects_asked(request)
    return bool(subjects) and subjects != {user.sub if user else ""}
