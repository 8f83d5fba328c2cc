"""Spring Authorization Server over plain http and in memory, by the properties of Spring Boot.

It has what the documentation shows under "Developing Your First Application": users, clients and
their switches. The rest stays as Spring makes it. Every client is there twice: as the launcher
names it, and as NAME-consent, for which the user is asked.
"""

from __future__ import annotations

import json
import os
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

JAVA = ["java", "-Xms64m", "-Xmx384m", "-XX:+UseSerialGC", "-jar"]
KEYS = "keys-of-clients.json"


def stored(secret: str, *, plain: bool) -> str:
    """A client's secret as Spring Security keeps it: no two clients may have the same."""
    return "{noop}" + secret if plain else "{SHA-256}" + sha256(secret.encode()).hexdigest()


def client(metadata: dict[str, Any], issuer: str, *, consent: bool) -> dict[str, Any]:
    """The properties of a client, from client metadata as RFC 7591 names it."""
    auth = metadata["token_endpoint_auth_method"]
    registration = {
        "client-id": metadata["client_id"] + ("-consent" if consent else ""),
        "client-authentication-methods": [auth],
        "authorization-grant-types": metadata["grant_types"],
        "redirect-uris": metadata["redirect_uris"],
        "scopes": metadata["scope"].split(),
    }
    row: dict[str, Any] = {
        "registration": registration,
        "require-authorization-consent": consent,
        "require-proof-key": auth == "none",
    }
    if "client_secret" in metadata:
        registration["client-secret"] = stored(metadata["client_secret"], plain=not consent)
    if "jwks" in metadata:
        row["jwk-set-uri"] = f"{issuer}/{KEYS}"
        row["token-endpoint-authentication-signing-algorithm"] = "ES256"
    return row


def properties(clients: list[dict[str, Any]], issuer: str) -> dict[str, Any]:
    """What stands in application.json, by Spring Boot's names."""
    address = urlsplit(issuer)
    user = {"name": os.environ["PEER_USERNAME"], "password": os.environ["PEER_PASSWORD"]}
    rows = [client(one, issuer, consent=asked) for one in clients for asked in (False, True)]
    known = {row["registration"]["client-id"]: row for row in rows}
    return {
        "server": {"address": address.hostname, "port": address.port},
        "spring": {
            "web": {"resources": {"static-locations": "file:public/"}},
            "security": {
                "user": user,
                "oauth2": {"authorizationserver": {"issuer": issuer, "client": known}},
            },
        },
    }


def main() -> None:
    """Write the properties and the keys of clients, then become the server."""
    clients = json.loads(Path(os.environ["PEER_CLIENTS"]).read_text("utf-8"))
    keys = [key for one in clients for key in one.get("jwks", {}).get("keys", [])]
    Path("public").mkdir()
    Path("public", KEYS).write_text(json.dumps({"keys": keys}), "utf-8")
    written = properties(clients, os.environ["PEER_ISSUER"])
    # Spring Boot reads YAML, and JSON is YAML.
    Path("application.yaml").write_text(json.dumps(written, indent=1), "utf-8")
    os.execvp(JAVA[0], [*JAVA, sys.argv[1]])  # noqa: S606 - the server it is about


if __name__ == "__main__":
    main()
