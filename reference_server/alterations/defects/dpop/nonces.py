"""Nonces that are not given, or given wrongly: RFC 9449 §8, §9."""

from __future__ import annotations

from tokenspec.reference_server.alterations.building import being, left_out
from tokenspec.reference_server.alterations.model import Alteration

DEFECTS: tuple[Alteration, ...] = (
    left_out(
        "dpop.nonce_header",
        "RFC9449-8-use_dpop_nonce_400",
        "a demand for a nonce brings one",
        nonce_headers=lambda headers, about: () if about.demanded else headers,
    ),
    left_out(
        "dpop.nonce_in_success",
        "RFC9449-8.2-nonce_in_200",
        "a success brings the next nonce",
        nonce_headers=lambda headers, about: headers if about.demanded else (),
    ),
    left_out(
        "dpop.one_nonce_header",
        "RFC9449-8-one_nonce_header",
        "a response has one nonce at most",
        nonce_headers=lambda headers, _about: (*headers, *headers),
    ),
    left_out(
        "dpop.nonce_syntax",
        "RFC9449-8.1-nonce_syntax",
        "a nonce is printable ASCII without quotes",
        nonce_headers=lambda headers, _about: tuple((n, f'"{value}"') for n, value in headers),
    ),
    left_out(
        "dpop.own_nonces",
        "RFC9449-9-nonce_per_server",
        "userinfo takes its own nonces alone, and so does the token endpoint",
        nonce_realm=being("any"),
    ),
)
