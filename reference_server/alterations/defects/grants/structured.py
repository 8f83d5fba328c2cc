"""Codes that say themselves whom they are for, and are believed."""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace

from tokenspec.reference_server.alterations.model import Alteration
from tokenspec.reference_server.alterations.stores import AroundStore
from tokenspec.reference_server.authorization import Authorization
from tokenspec.reference_server.keys import base64url
from tokenspec.reference_server.store import Code


class ClientInCode(AroundStore):
    """A store that looks a code up by all but its last part, and takes that for the client."""

    def code(self, value: str) -> Code | None:
        """The code of that first part, for the client that the last part names."""
        head, _, tail = value.rpartition(".")
        known = (one for one in self._store.codes() if head and one.value.startswith(f"{head}."))
        found = next(known, None)
        return found and replace(found, grant=replace(found.grant, client_id=_read(tail)))


def _read(part: str) -> str:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()
    except (binascii.Error, ValueError):
        return ""


def _naming_the_client(value: str, request: Authorization) -> str:
    return f"{value}.{base64url(request.get('client_id').encode())}"


DEFECTS: tuple[Alteration, ...] = (
    Alteration(
        "code.client_read_from_it",
        "RFC6749-4.1.3-code_issued_to_public_client_id",
        "the last part of a code says which client it is for, whatever it was issued with",
        tells={"code_value": _naming_the_client},
        store=ClientInCode,
    ),
)
