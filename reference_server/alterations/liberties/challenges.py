"""How a request is challenged: RFC 9110 §11, RFC 6750 §3, RFC 9449 §7.1."""

from __future__ import annotations

from tokenspec.reference_server.alterations.building import having, lacking
from tokenspec.reference_server.alterations.liberties.model import telling
from tokenspec.reference_server.endpoints.answers import Refused
from tokenspec.reference_server.messages import Headers

BEARER = "RFC 6750 §3"
BOTH = "RFC 9449 §7.2"
GROUP = "challenge schemes"
SEVERAL = "A resource that takes both schemes may challenge for both."


def _reversed(parameters: dict[str, str], _about: Refused) -> dict[str, str]:
    return dict(reversed(parameters.items()))


def _described(parameters: dict[str, str], about: Refused) -> dict[str, str]:
    if not about.error.error:
        return parameters
    return parameters | {"error_description": "Look at the log."}


def _unquoted_error(values: tuple[str, ...], _about: Refused) -> tuple[str, ...]:
    return tuple(value.replace('error="invalid_token"', "error=invalid_token") for value in values)


def _small_scheme(values: tuple[str, ...], _about: Refused) -> tuple[str, ...]:
    return tuple(_lowered(value) for value in values)


def _lowered(value: str) -> str:
    scheme, space, rest = value.partition(" ")
    return scheme.lower() + space + rest


def _spread(values: tuple[str, ...], _about: Refused) -> tuple[str, ...]:
    return tuple(value.replace(", ", " ,\t").replace("=", " = ", 1) for value in values)


def _other_scheme(value: str, about: Refused) -> str:
    core = about.exchange.core
    if value.lower().startswith("bearer"):
        return f'DPoP algs="{" ".join(core.policy.client_algorithms)}"'
    return f'Bearer realm="{core.config.issuer}"'


def _in_two_headers(values: tuple[str, ...], about: Refused) -> tuple[str, ...]:
    return (*values, *(_other_scheme(value, about) for value in values))


def _in_one_header(values: tuple[str, ...], about: Refused) -> tuple[str, ...]:
    return tuple(f"{value}, {_other_scheme(value, about)}" for value in values)


def _challenge_with_any(headers: Headers, about: Refused) -> Headers:
    told = any(name == "WWW-Authenticate" for name, _ in headers)
    realm = about.exchange.core.config.issuer
    return headers if told else (*headers, ("WWW-Authenticate", f'Basic realm="{realm}"'))


def _basic_in_small_letters(headers: Headers, _about: Refused) -> Headers:
    return tuple((name, value.replace("Basic ", "basic ", 1)) for name, value in headers)


def _further_scheme(headers: Headers, _about: Refused) -> Headers:
    return tuple(
        (name, f'{value}, Negotiate, Digest realm="x", nonce="4f1c", qop="auth, auth-int"')
        if name == "WWW-Authenticate"
        else (name, value)
        for name, value in headers
    )


LIBERTIES = (
    telling(
        "challenge.no_realm",
        BEARER,
        "A realm may be named.",
        "a challenge of userinfo names no realm",
        challenge_parameters=lacking("realm"),
    ),
    telling(
        "challenge.more_parameters",
        BEARER,
        "Further parameters may be used.",
        "a challenge of userinfo names its metadata and the scope it wants",
        challenge_parameters=having(
            scope="openid", resource_metadata="https://server.example/.well-known/resource"
        ),
    ),
    telling(
        "challenge.described",
        BEARER,
        "error_description may explain the refusal.",
        "an error in a challenge has a description",
        challenge_parameters=_described,
    ),
    telling(
        "challenge.other_order",
        "RFC 9110 §11.2",
        "Parameters of a challenge are named; nothing gives them an order.",
        "the parameters of a challenge come in another order",
        challenge_parameters=_reversed,
    ),
    telling(
        "challenge.error_unquoted",
        "RFC 9110 §11.2",
        "The value of a parameter is a token or a quoted string.",
        "the error in a challenge stands without quotes",
        challenge=_unquoted_error,
    ),
    telling(
        "challenge.scheme_any_case",
        "RFC 9110 §11.1",
        "The name of a scheme is compared without regard to case.",
        "schemes in challenges of userinfo are written in small letters",
        challenge=_small_scheme,
    ),
    telling(
        "challenge.spread_out",
        "RFC 9110 §11.2",
        "White space may stand beside the comma, and bad white space beside the equals sign.",
        "a challenge has white space where it may have some",
        challenge=_spread,
    ),
    telling(
        "challenge.both_schemes",
        BOTH,
        SEVERAL,
        "a resource challenges for Bearer and for DPoP, in a header each",
        group=GROUP,
        challenge=_in_two_headers,
    ),
    telling(
        "challenge.both_schemes_in_one_header",
        BOTH,
        SEVERAL,
        "a resource challenges for Bearer and for DPoP in one header",
        group=GROUP,
        challenge=_in_one_header,
    ),
    telling(
        "error.challenge_scheme_any_case",
        "RFC 9110 §11.1",
        "The name of a scheme is compared without regard to case.",
        "the challenge to a client that failed names its scheme in small letters",
        error_headers=_basic_in_small_letters,
    ),
    telling(
        "error.further_schemes",
        "RFC 9110 §11.6.1",
        "A header may hold several challenges.",
        "a client that failed is challenged for further schemes",
        error_headers=_further_scheme,
    ),
    telling(
        "error.challenge_with_status_400",
        "RFC 9110 §11.6.1",
        "Other answers than 401 may have a challenge: credentials might affect the answer.",
        "each refusal of an endpoint for clients has a challenge",
        error_headers=_challenge_with_any,
    ),
)
