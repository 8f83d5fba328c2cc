"""Endpoints at the wrong place, with the wrong methods, or open to the wrong scripts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from tokenspec.reference_server.alterations.building import left_out
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.core import Core
from tokenspec.reference_server.endpoints.routes import (
    AUTHORIZATION_SERVER,
    FORM,
    READ,
    Route,
)
from tokenspec.reference_server.messages import Headers, Response
from tokenspec.reference_server.seams import Alter

Routes = dict[str, Route]
BAD_REQUEST = 400
BROWSED = ("authorization", "login", "consent")


def _with(names: tuple[str, ...], **changes: Any) -> Alter:
    """The routes of these endpoints with other fields."""

    def alter(routes: Routes, core: Core) -> Routes:
        paths = {urlsplit(core.endpoint(name)).path for name in names}
        return {p: replace(r, **changes) if p in paths else r for p, r in routes.items()}

    return alter


def _none_shared(routes: Routes, _core: Core) -> Routes:
    return {path: replace(route, shared=False) for path, route in routes.items()}


def _of_successes(allowed: Headers, answer: Response) -> Headers:
    return () if answer.status >= BAD_REQUEST else allowed


def _metadata_unshared(routes: Routes, core: Core) -> Routes:
    return routes | {
        path: replace(route, shared=False)
        for path, route in routes.items()
        if path.startswith(AUTHORIZATION_SERVER) or path == _openid_place(core)
    }


def _openid_place(core: Core) -> str:
    return urlsplit(core.endpoint("openid-configuration")).path


def _without(applies: Callable[[str, Core], bool]) -> Alter:
    return lambda routes, core: {p: r for p, r in routes.items() if not applies(p, core)}


def _unexposed(name: str) -> Alter:
    return lambda names, _core: tuple(header for header in names if header != name)


DEFECTS: tuple[Alteration, ...] = (
    left_out(
        "metadata.openid_place",
        "OIDCD-4-well_known",
        "the metadata is where OpenID Connect has it",
        routes=_without(lambda path, core: path == _openid_place(core)),
    ),
    left_out(
        "metadata.oauth_place",
        "RFC8414-3-well_known_path",
        "the metadata is where RFC 8414 has it",
        routes=_without(lambda path, _core: path.startswith(AUTHORIZATION_SERVER)),
    ),
    left_out(
        "authorize.get",
        "RFC6749-3.1-get_supported",
        "the authorization endpoint takes GET",
        routes=_with(("authorization",), methods=FORM),
    ),
    left_out(
        "authorize.by_post",
        "OIDCC-3.1.2.1-get_and_post",
        "a request may come as a form",
        routes=_with(("authorization",), methods=READ),
    ),
    left_out(
        "cors.direct_endpoints",
        "OIDCD-3-cors_direct_endpoints",
        "scripts of other origins may call what clients call directly",
        routes=_none_shared,
    ),
    left_out(
        "cors.errors",
        "OIDCD-3-cors_direct_endpoints",
        "scripts of other origins may read errors",
        allowed_origins=_of_successes,
    ),
    left_out(
        "cors.not_at_authorize",
        "RFC9700-2.6-cors_authorization_endpoint",
        "scripts of other origins may not call the authorization endpoint",
        routes=_with(BROWSED, shared=True),
    ),
    left_out(
        "cors.metadata",
        "OIDCD-4-cors",
        "scripts of other origins may read the metadata",
        routes=_metadata_unshared,
    ),
    left_out(
        "cors.userinfo",
        "OIDCC-5.3-cors",
        "scripts of other origins may call userinfo",
        routes=_with(("userinfo",), shared=False),
    ),
    left_out(
        "cors.revocation",
        "RFC7009-2.3-cors",
        "scripts of other origins may revoke",
        routes=_with(("revocation",), shared=False),
    ),
    left_out(
        "cors.nonce_exposed",
        "RFC9449-8-cors_expose_dpop_nonce",
        "scripts of other origins may read the nonce",
        exposed_headers=_unexposed("DPoP-Nonce"),
    ),
    left_out(
        "cors.challenge_exposed",
        "RFC9449-7.1-cors_expose_www_authenticate",
        "scripts of other origins may read the challenge",
        exposed_headers=_unexposed("WWW-Authenticate"),
    ),
)
