"""What a grant lets the server tell of its user, in ID tokens and at userinfo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tokenspec.reference_server.core import Core
from tokenspec.reference_server.seams import Seam, seam
from tokenspec.reference_server.store import Grant

# Which standard claims a scope asks for (OpenID Connect Core §5.4).
SCOPE_CLAIMS = {
    "profile": ("name", "family_name", "given_name", "nickname", "picture", "updated_at"),
    "email": ("email", "email_verified"),
}
STANDARD = frozenset(name for names in SCOPE_CLAIMS.values() for name in names)


@dataclass(frozen=True, slots=True)
class Told:
    """Of whom claims are told: all that is known of the user, and which of it was asked for."""

    known: Mapping[str, Any]
    asked: frozenset[str]


USER_CLAIMS: Seam[dict[str, Any], Told] = seam("user_claims", "what is told of a user")


def user_claims(core: Core, grant: Grant) -> dict[str, Any]:
    """Standard claims by scope and by the claims parameter; custom claims if namespaced."""
    user = core.config.subject(grant.sub)
    known = dict(user.claims) if user else {}
    asked = {name for scope in grant.scope for name in SCOPE_CLAIMS.get(scope, ())}
    asked |= set(grant.claims) & STANDARD
    told = {name: value for name, value in known.items() if name in asked or namespaced(name)}
    return core.tell(USER_CLAIMS, told, Told(known, frozenset(asked)))


def namespaced(name: str) -> bool:
    """Whether a claim is called by a URL, so that no other can have its name."""
    parts = urlsplit(name)
    return parts.scheme in {"https", "http"} and bool(parts.netloc)
