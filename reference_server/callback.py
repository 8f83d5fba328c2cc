"""The authorization response: a redirect to the client with a code or an error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

from tokenspec.reference_server.errors import OAuthError
from tokenspec.reference_server.guarding import behaviour
from tokenspec.reference_server.guards.authorization import Authorization
from tokenspec.reference_server.messages import Refusal, Response

SEE_OTHER, REPEATED = 303, 307
NOT_307 = behaviour("authorize.not_307", "OIDCC-16.22-no_307", "no form is posted on to the client")
OPENID_IN_QUERY = behaviour(
    "authorize.in_query", "OIDCC-3.1.2.5-code_in_query", "the code comes back in the query"
)
STATE = behaviour("authorize.state", "RFC6749-4.1.2-state_exact", "state comes back as it was sent")
QUERY_KEPT = behaviour(
    "authorize.query_kept",
    "RFC6749-3.1.2-redirect_query_retained",
    "the query of a redirect_uri is kept",
)
ONCE = behaviour("authorize.once", "RFC6749-3.1-duplicate_param", "no parameter comes twice")
NO_TOKEN = behaviour(
    "authorize.no_token",
    "RFC9700-2.1.2-no_token_in_authorization_response",
    "no token stands in a redirect",
)
IN_QUERY = behaviour(
    "authorize.code_in_query", "RFC6749-4.1.2-code_in_query", "the code is put into the query"
)
ERROR_IN_QUERY = behaviour(
    "authorize.error_in_query",
    "RFC6749-4.1.2.1-error_in_query",
    "an error is put into the query",
)
ERROR_TEXT = behaviour(
    "authorize.error_charset",
    "RFC6749-4.1.2.1-error_charset",
    "a description has only the characters allowed",
)
ERROR_URI = behaviour(
    "authorize.error_uri_charset",
    "RFC6749-4.1.2.1-error_uri_charset",
    "an error_uri is a URI",
)
ERROR_STATE = behaviour(
    "authorize.error_state",
    "RFC6749-4.1.2.1-state_in_error",
    "an error brings state back",
)
ISSUER_TRUE = behaviour(
    "authorize.iss_of_metadata",
    "RFC9207-2.3-iss_equals_metadata",
    "iss is the issuer of the metadata",
)
ISSUER_PLAIN = behaviour("authorize.iss_plain", "RFC9207-2-iss_value", "iss has no query")
ERROR_ISSUER = behaviour(
    "authorize.iss_in_error", "RFC9207-2-iss_in_error", "an error names the issuer"
)
ISSUER = behaviour("authorize.iss", "RFC9207-2-iss_in_success", "every answer names the issuer")


def redirect(authorization: Authorization, fields: Mapping[str, str]) -> Response:
    """Back to the client, the query of its redirect_uri kept (RFC 6749 §3.1.2)."""
    server, failed = authorization.server, "error" in fields
    behaves, answer = server.behaves, dict(fields)
    if authorization.get("state") and behaves(STATE) and (behaves(ERROR_STATE) or not failed):
        answer["state"] = authorization.get("state")
    silent = server.dialect.has("no_iss_parameter")
    if not silent and behaves(ISSUER) and (behaves(ERROR_ISSUER) or not failed):
        answer["iss"] = _issuer(authorization)
    if not behaves(NO_TOKEN):
        answer["access_token"] = server.random_text()
    location = _address(authorization, failed=failed) + urlencode(answer)
    if not behaves(ONCE):
        location += "&" + urlencode({"code": "another"})
    status = SEE_OTHER if behaves(NOT_307) else REPEATED
    return Response(status, (("Location", location), ("Cache-Control", "no-store")))


def error(
    authorization: Authorization, problem: OAuthError, why: Refusal | None = None
) -> Response:
    """An error, told to the client; only after it is known that the client is there."""
    behaves = authorization.server.behaves
    fields = {"error": problem.error, "error_description": problem.description}
    fields = authorization.server.told("authorization_error", fields, authorization)
    if not behaves(ERROR_TEXT):
        fields["error_description"] = 'the "request" is malformed'
    if not behaves(ERROR_URI):
        fields["error_uri"] = 'no "URI"'
    refusal = why or Refusal(problem.error, "OIDCC-3.1.2.6-error_at_redirect_uri", problem.cause)
    return replace(redirect(authorization, fields), refusal=refusal)


def _address(authorization: Authorization, *, failed: bool) -> str:
    """The redirect_uri, ready for the parameters of the answer."""
    behaves, redirect_uri = authorization.server.behaves, authorization.redirect_uri
    if not behaves(QUERY_KEPT):
        redirect_uri = redirect_uri.split("?", maxsplit=1)[0]
    if not (behaves(ERROR_IN_QUERY if failed else IN_QUERY) and behaves(OPENID_IN_QUERY)):
        return f"{redirect_uri}#"
    if redirect_uri.endswith("?"):
        return redirect_uri
    return redirect_uri + ("&" if "?" in redirect_uri else "?")


def _issuer(authorization: Authorization) -> str:
    server, issuer = authorization.server, authorization.server.config.issuer
    if not server.behaves(ISSUER_TRUE):
        issuer = "https://other.example"
    return issuer if server.behaves(ISSUER_PLAIN) else f"{issuer}?tenant=1"
