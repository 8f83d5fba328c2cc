"""The endpoints as flat lists of guards in the order the wire sees them."""

from __future__ import annotations

from tokenspec.reference_server.guarding import Guard
from tokenspec.reference_server.guards import (
    authorization,
    binding,
    code,
    dpop,
    logout,
    managing,
    openid,
    pushed,
    refresh,
    request,
    request_objects,
    resource,
    targets,
)
from tokenspec.reference_server.guards import client_authentication as client

BEFORE_REDIRECTING: tuple[Guard, ...] = (
    *pushed.BEFORE_REDIRECTING,
    *authorization.BEFORE_REDIRECTING,
)
AUTHORIZATION: tuple[Guard, ...] = (
    *pushed.REDIRECTED,
    *request_objects.REDIRECTED,
    *authorization.REDIRECTED,
    *openid.OPENID,
    *targets.REQUESTED,
)
BEFORE_THE_CODE: tuple[Guard, ...] = pushed.LAST
LOGOUT: tuple[Guard, ...] = (logout.address_registered,)
SHAPE: tuple[Guard, ...] = (
    request.method_post,
    request.form_encoded,
    request.no_repeats,
    request.grant_type_present,
    request.grant_type_known,
)
CLIENT_AUTHENTICATION: tuple[Guard, ...] = (
    client.one_method,
    client.known,
    client.id_agrees,
    client.registered_method,
    client.secret,
    client.assertion_type,
    client.assertion_signature,
    client.assertion_issuer,
    client.assertion_audience,
    client.assertion_expiry,
    client.assertion_not_before,
    client.assertion_not_ahead,
    client.assertion_replay,
)
DPOP: tuple[Guard, ...] = dpop.PROOF
PUSHED: tuple[Guard, ...] = (
    request.method_post,
    request.form_encoded,
    *CLIENT_AUTHENTICATION,
    pushed.no_request_uri,
    pushed.client_id_present,
    *DPOP,
    pushed.proof_key,
)
PUSHED_REQUEST: tuple[Guard, ...] = (*authorization.BEFORE_REDIRECTING, *AUTHORIZATION)
AUTHORIZATION_CODE: tuple[Guard, ...] = (
    request.code_present,
    code.issued,
    code.of_this_client,
    code.unused,
    code.unexpired,
    targets.resource_granted,
    code.redirect_uri_present,
    code.redirect_uri_same,
    code.verifier_present,
    code.verifier_form,
    code.verifier_matches,
    code.no_verifier_without_challenge,
    binding.code_proof_present,
    binding.code_key,
    code.consumed_once,
)
REFRESH_TOKEN: tuple[Guard, ...] = (
    request.refresh_token_present,
    refresh.issued,
    refresh.of_this_client,
    refresh.active,
    refresh.unexpired,
    targets.resource_granted,
    refresh.scope_not_wider,
    binding.refresh_proof_present,
    binding.refresh_key,
    refresh.consumed_once,
)
GRANT_ALLOWED: tuple[Guard, ...] = (client.grant_allowed,)
GRANTS: dict[str, tuple[Guard, ...]] = {
    "authorization_code": AUTHORIZATION_CODE,
    "refresh_token": REFRESH_TOKEN,
}
SHOWN_TOKEN: tuple[Guard, ...] = (
    resource.one_authorization,
    resource.one_place,
    resource.token_present,
    resource.token_active,
    resource.bound_not_as_bearer,
    resource.proof_present,
    *dpop.PROOF,
    binding.ath,
    binding.token_key,
)
USERINFO: tuple[Guard, ...] = (*SHOWN_TOKEN, resource.scope_openid)
RESOURCE: tuple[Guard, ...] = (*SHOWN_TOKEN, resource.audience)
MANAGED: tuple[Guard, ...] = (
    request.method_post,
    request.form_encoded,
    request.no_repeats,
    managing.token_present,
)
