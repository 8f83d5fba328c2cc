"""Client assertions that prove less than they should: RFC 7523 §2.2 and §3."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from tokenspec.reference_server.alterations.building import nothing, subtle
from tokenspec.reference_server.alterations.defects.clients.authentication import signed
from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.errors import invalid_client
from tokenspec.reference_server.exchange import Exchange
from tokenspec.reference_server.guarding import Check, Guard
from tokenspec.reference_server.guards import client_authentication as client
from tokenspec.reference_server.jwts import UnverifiedJwt

HOUR = 3600
SAML_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"  # RFC 7522 §2.2
KNOWN_CLAIMS = {"iss", "sub", "aud", "jti", "iat", "exp", "nbf"}
GUARDS: tuple[Guard, ...] = (
    client.registered_method,
    client.assertion_type,
    client.assertion_signature,
    client.assertion_issuer,
    client.assertion_audience,
    client.assertion_expiry,
    client.assertion_replay,
)


def shown(exchange: Exchange) -> UnverifiedJwt:
    """The assertion of a request, unverified."""
    return UnverifiedJwt.read(exchange.get("client_assertion"))


def asserting(exchange: Exchange) -> bool:
    """Whether the client is registered to authenticate by an assertion."""
    return exchange.client is not None and exchange.client.auth_method == "private_key_jwt"


def _signed(fits: Callable[[UnverifiedJwt], bool]) -> Check:
    """The check of the signature, which is not made where `fits`."""

    def check(exchange: Exchange) -> None:
        if not fits(shown(exchange)):
            client.assertion_signature.check(exchange)

    return check


def _own_key(exchange: Exchange) -> None:
    """The signature and nothing but the signature, with the keys registered."""
    if not asserting(exchange) or exchange.client is None or exchange.client.jwks is None:
        return
    keys = dict(exchange.client.jwks)["keys"]
    if not any(signed(shown(exchange), key) for key in keys):
        raise invalid_client("assertion signature")


def _by_rs256(exchange: Exchange) -> None:
    """An RSA key that is registered for PS256 counts for RS256 as well."""
    if not asserting(exchange) or exchange.client is None or exchange.client.jwks is None:
        return
    keys = dict(exchange.client.jwks)["keys"]
    both = [key | {"alg": name} for key in keys for name in (key["alg"], "RS256")]
    fitting = [key for key in both if key["kty"] == "RSA" or key["alg"] != "RS256"]
    if not any(signed(shown(exchange), key) for key in fitting):
        raise invalid_client("assertion signature")


def _audience(agrees: Callable[[str, str], bool]) -> Check:
    """The check of `aud`, made by `agrees(shown, own)`."""

    def check(exchange: Exchange) -> None:
        audience, core = shown(exchange).claims.get("aud"), exchange.core
        named = audience if isinstance(audience, list) else [audience]
        own = (core.config.issuer, core.endpoint("token"))
        if asserting(exchange) and not any(agrees(str(a), b) for a in named for b in own):
            raise invalid_client("assertion aud")

    return check


def _names(*, absent: tuple[str, ...] = (), unread: tuple[str, ...] = ()) -> Check:
    """The check of `iss` and `sub`, one of which may be absent or is not read."""

    def check(exchange: Exchange) -> None:
        claims = shown(exchange).claims
        for name in {"iss", "sub"} - set(unread):
            missing = name in absent and name not in claims
            wrong = exchange.client and claims.get(name) != exchange.client.client_id
            if asserting(exchange) and wrong and not missing:
                raise invalid_client(f"assertion {name}")

    return check


def expired_for(seconds: int) -> Check:
    """An assertion counts as expired when it has been for so many seconds."""

    def check(exchange: Exchange) -> None:
        expires = shown(exchange).claims.get("exp")
        late = not isinstance(expires, int | float) or expires <= exchange.now - seconds
        if asserting(exchange) and late:
            raise invalid_client("assertion exp")

    return check


def _client_id_passed_over(exchange: Exchange) -> None:
    """The client of the assertion counts, whichever is named beside it."""
    if exchange.get("client_assertion"):
        named = str(shown(exchange).claims.get("sub"))
        exchange.client = exchange.core.config.client(named)
        exchange.values["client_id"] = named
    client.known.check(exchange)


def _any_type(exchange: Exchange) -> None:
    if asserting(exchange) and not exchange.get("client_assertion_type"):
        raise invalid_client("client_assertion_type")


def _once_a_grant_type(exchange: Exchange) -> None:
    jti = shown(exchange).claims.get("jti")
    seen = f"{exchange.get('grant_type')}:{jti}"
    if asserting(exchange) and not (
        jti and exchange.core.store.first_time(seen, exchange.now + HOUR)
    ):
        raise invalid_client("assertion jti")


def _known_claims_only(exchange: Exchange) -> None:
    client.assertion_issuer.check(exchange)
    if set(shown(exchange).claims) - KNOWN_CLAIMS:
        raise invalid_client("unknown claim")


def _type_of_saml_only(exchange: Exchange) -> None:
    if asserting(exchange) and exchange.get("client_assertion_type") != SAML_ASSERTION:
        raise invalid_client("only SAML here")


def _where_shown(guard: Guard) -> Check:
    def check(exchange: Exchange) -> None:
        if exchange.get("client_assertion") or not asserting(exchange):
            guard.check(exchange)

    return check


def _says_none(assertion: UnverifiedJwt) -> bool:
    algorithm = str(assertion.header.get("alg", ""))
    return algorithm != "none" and algorithm.lower() == "none"


DEFECTS: tuple[Alteration, ...] = (
    subtle(
        "client.assertion_refused",
        "RFC7523-2.2-assertion_type",
        "an assertion that is a JWT is taken only where it is said to be one of SAML",
        client__assertion_type=_type_of_saml_only,
    ),
    subtle(
        "client.assertion_of_any_type",
        "RFC7523-2.2-assertion_type",
        "an assertion of another kind is read as a JWT",
        client__assertion_type=_any_type,
    ),
    subtle(
        "client.assertion_first_of_list",
        "RFC7523-2.2-single_jwt",
        "of a list of assertions the first counts",
        client__assertion_signature=_own_key,
    ),
    subtle(
        "client.assertion_critical_unread",
        "RFC7515-4.1.11-crit_unknown_rejected",
        "crit in an assertion's header is not read",
        client__assertion_signature=_signed(lambda a: "crit" in a.header),
    ),
    subtle(
        "client.assertion_none_in_capitals",
        "RFC7523-3-signature",
        "an assertion is taken unsigned where alg is NONE",
        client__assertion_signature=_signed(_says_none),
    ),
    subtle(
        "client.assertion_by_rs256",
        "FAPI2SP-5.4.1-algorithms",
        "an RSA key may sign assertions with RS256, whatever it is registered for",
        client__assertion_signature=_by_rs256,
    ),
    subtle(
        "client.assertion_signature_of_zeros",
        "RFC7523-3-signature",
        "a signature of zeros fits every key",
        client__assertion_signature=_signed(lambda a: a.signature == bytes(len(a.signature))),
    ),
    subtle(
        "client.assertion_signature_empty",
        "RFC7523-3-signature",
        "an assertion is taken where its signature is empty, whatever alg says",
        client__assertion_signature=_signed(lambda a: not a.signature and bool(a.claims)),
    ),
    subtle(
        "client.assertion_key_fetched",
        "RFC7523-3-signature",
        "an assertion may say where its key is",
        client__assertion_signature=_signed(lambda a: "jku" in a.header),
    ),
    subtle(
        "client.assertion_issuer_optional",
        "RFC7523-3-iss_sub_client_id",
        "an assertion without iss passes",
        client__assertion_issuer=_names(absent=("iss",)),
    ),
    subtle(
        "client.assertion_subject_optional",
        "RFC7523-3-iss_sub_client_id",
        "an assertion without sub passes",
        client__assertion_issuer=_names(absent=("sub",)),
    ),
    subtle(
        "client.assertion_subject_unread",
        "RFC7523-3-iss_sub_client_id",
        "the subject of an assertion is not compared with client_id",
        client__assertion_issuer=_names(unread=("sub",)),
    ),
    subtle(
        "client.assertion_beside_another_client_id",
        "RFC7521-4.2-client_id_same_client",
        "a client_id beside an assertion is not looked at",
        client__known=_client_id_passed_over,
    ),
    subtle(
        "client.assertion_audience_prefix",
        "RFC7523-3-aud_required",
        "an audience that begins with the server's is the server's",
        client__assertion_audience=_audience(lambda shown, own: shown.startswith(own)),
    ),
    subtle(
        "client.assertion_audience_host",
        "RFC7523-3-aud_required",
        "an audience at the server's host is the server's",
        client__assertion_audience=_audience(
            lambda shown, own: urlsplit(shown).hostname == urlsplit(own).hostname
        ),
    ),
    subtle(
        "client.assertion_expiry_late",
        "RFC7523-3-exp_required",
        "an assertion is taken for an hour after its expiry",
        client__assertion_expiry=expired_for(HOUR),
    ),
    subtle(
        "client.assertion_replay_by_grant",
        "OIDCC-9-assertion_single_use",
        "the jti of an assertion is remembered for each grant type by itself",
        client__assertion_replay=_once_a_grant_type,
    ),
    subtle(
        "client.assertion_known_claims_only",
        "RFC7523-3-other_claims",
        "an assertion with an unknown claim is refused",
        client__assertion_issuer=_known_claims_only,
    ),
    subtle(
        "client.assertion_optional",
        "RFC6749-3.2.1-confidential_authenticates",
        "a client registered for assertions need not send one",
        **{guard.name.replace(".", "__"): _where_shown(guard) for guard in GUARDS},
        client__assertion_not_before=nothing,
    ),
)
