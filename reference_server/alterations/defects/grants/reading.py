"""Requests read wrongly before any guard looks at them: parameters, credentials, tokens, proofs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tokenspec.reference_server.alterations.building import left_out, less
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.exchange import basic_credentials
from tokenspec.reference_server.jwts import UnverifiedJwt
from tokenspec.reference_server.keys import base64url
from tokenspec.reference_server.messages import Request, Response
from tokenspec.reference_server.seams import Alter

Parameters = tuple[tuple[str, str], ...]
Proof = UnverifiedJwt | None


def query_counts(_form: Parameters, request: Request) -> Parameters:
    """The query counts beside the form."""
    return (*request.form, *request.query)


def queried_token(posted: str, request: Request) -> str:
    """A bearer token in the query counts as one in the form does."""
    return dict(request.query).get("access_token", "") or posted


def kept_by_caches(answer: Response, _exchange: object) -> Response:
    """The answer, without a word to caches."""
    return replace(answer, headers=less(answer.headers, "Cache-Control", "Pragma"))


def _scheme_as_written(shown: tuple[str, str], request: Request) -> tuple[str, str]:
    written = request.header("Authorization").partition(" ")[0]
    return shown if written in {"Bearer", "DPoP"} else ("", "")


def _one_spelling(scheme: str) -> Alter:
    """A scheme that is known as it is written, and no other way; others in any."""

    def alter(shown: tuple[str, str], request: Request) -> tuple[str, str]:
        written = request.header("Authorization").partition(" ")[0]
        other = written.lower() == scheme.lower() and written != scheme
        return ("", "") if other else shown

    return alter


def _bearer_alone(shown: tuple[str, str], _request: Request) -> tuple[str, str]:
    return shown if shown[0] == "bearer" else ("", "")


def _every_member(_jkt: str, jwk: Mapping[str, Any]) -> str:
    canonical = json.dumps(dict(jwk), separators=(",", ":"), sort_keys=True)
    return base64url(hashlib.sha256(canonical.encode()).digest())


def _header_as_written(proof: Proof, request: Request) -> Proof:
    return proof if any(name == "DPoP" for name, _ in request.headers) else None


def _json_and_more(text: bytes) -> Any:
    """What stands behind the JSON is overlooked."""
    return json.JSONDecoder().raw_decode(text.decode())[0]


def _loosely(proof: Proof, request: Request) -> Proof:
    return proof and UnverifiedJwt.read(request.header("DPoP"), _json_and_more)


def _padded(proof: Proof, request: Request) -> Proof:
    return proof and UnverifiedJwt.read(request.header("DPoP").replace("=", ""))


def _unreadable_ignored(proof: Proof, _request: Request) -> Proof:
    return proof if proof and proof.header else None


def _none(_right: object, _request: Request) -> str:
    return ""


def _undecoded(_credentials: object, request: Request) -> tuple[str, str] | None:
    return basic_credentials(request, decode=str)


DEFECTS: tuple[Alteration, ...] = (
    left_out(
        "request.body_only",
        "RFC6749-3.2-post_only",
        "parameters count in the body only",
        parameters=query_counts,
    ),
    left_out(
        "client.basic_form_decoded",
        "RFC6749-2.3.1-basic_form_encoding",
        "both parts of Basic credentials are form-decoded",
        basic_credentials=_undecoded,
    ),
    left_out(
        "resource.scheme_dpop",
        "RFC9449-7.1-scheme_dpop",
        "a bound token is taken with its scheme",
        authorization_header=_bearer_alone,
    ),
    left_out(
        "resource.scheme_any_case",
        "OAUTH21-5.1.1-scheme_case_insensitive",
        "the scheme of an access token is read without regard to case",
        authorization_header=_scheme_as_written,
    ),
    *(
        left_out(
            f"resource.{scheme.lower()}_any_case",
            "RFC9110-11.1-scheme_case",
            f"the scheme {scheme} is read without regard to case",
            authorization_header=_one_spelling(scheme),
        )
        for scheme in ("Bearer", "DPoP")
    ),
    left_out(
        "resource.token_in_form",
        "RFC6750-2.2-body_method",
        "a bearer token in a form counts as well",
        form_token=_none,
    ),
    left_out(
        "resource.token_not_in_query",
        "RFC6750-2.3-query_method",
        "a bearer token in the query does not count",
        form_token=queried_token,
    ),
    left_out(
        "resource.query_private",
        "RFC6750-2.3-query_cache_private",
        "no answer to a bearer token in the query may be kept by caches, as there is none",
        form_token=queried_token,
        userinfo_answer=kept_by_caches,
    ),
    left_out(
        "dpop.thumbprint_members",
        "RFC7638-3-thumbprint_input",
        "a thumbprint is made of the required members of a key alone",
        jkt=_every_member,
    ),
    left_out(
        "dpop.header_any_case",
        "RFC9449-4.1-header_name_case",
        "the name of the DPoP header is read without regard to case",
        dpop_proof=_header_as_written,
    ),
    left_out(
        "dpop.strict_json",
        "RFC7515-10.12-strict_json",
        "nothing may stand behind the JSON of a proof",
        dpop_proof=_loosely,
    ),
    left_out(
        "dpop.no_padding",
        "RFC7515-2-base64url_no_padding",
        "the parts of a proof have no padding",
        dpop_proof=_padded,
    ),
    left_out(
        "dpop.bad_proof_not_ignored",
        "RFC9449-5-invalid_proof_not_ignored",
        "a DPoP header that is not a JWT is not taken for none",
        dpop_proof=_unreadable_ignored,
    ),
)
