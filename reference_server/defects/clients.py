"""Clients that need not show who they are: RFC 6749 §2.3, §3.2.1."""

from __future__ import annotations

from reference_server.defects.building import nothing, subtle
from reference_server.guarding import Defect

DEFECTS: tuple[Defect, ...] = (
    subtle(
        "client.two_methods_accepted",
        "RFC6749-2.3-one_auth_method",
        "of two authentication methods one is enough",
        client__one_method=nothing,
        client__registered_method=nothing,
    ),
    subtle(
        "client.not_authenticated",
        "RFC6749-3.2.1-confidential_authenticates",
        "a confidential client need not authenticate",
        client__registered_method=nothing,
        client__secret=nothing,
        client__one_method=nothing,
    ),
)
