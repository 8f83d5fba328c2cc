"""Keycloak over plain http and in memory, with a realm for each setting, brought in as it starts.

A realm is what Keycloak's documentation has an administrator set by hand: users, clients, and the
switches in question. The rest stays as Keycloak makes it.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HEAP = "-Xms256m -Xmx768m"
AUTHENTICATORS = {
    "client_secret_basic": "client-secret",
    "client_secret_post": "client-secret",
    "private_key_jwt": "client-jwt",
}
SCOPES = ["profile", "email", "basic", "roles", "web-origins", "acr"]


def client(metadata: dict[str, Any], *, bound: bool) -> dict[str, Any]:
    """A client of the realm, from client metadata as RFC 7591 names it."""
    auth = metadata["token_endpoint_auth_method"]
    attributes = {"dpop.bound.access.tokens": "true"} if bound else {}
    if auth == "private_key_jwt":
        attributes |= {
            "use.jwks.string": "true",
            "jwks.string": json.dumps(metadata["jwks"]),
            "token.endpoint.auth.signing.alg": "ES256",
        }
    row: dict[str, Any] = {
        "clientId": metadata["client_id"],
        "protocol": "openid-connect",
        "publicClient": auth == "none",
        "redirectUris": metadata["redirect_uris"],
        "webOrigins": ["+"],
        "defaultClientScopes": SCOPES,
        "optionalClientScopes": ["offline_access", "address", "phone"],
        "attributes": attributes,
    }
    if auth in AUTHENTICATORS:
        row["clientAuthenticatorType"] = AUTHENTICATORS[auth]
    if "client_secret" in metadata:
        row["secret"] = metadata["client_secret"]
    return row


def own_audience(client_id: str) -> dict[str, Any]:
    """A mapper that puts a client into the audience of its tokens: it may introspect them then."""
    return {
        "name": "own audience",
        "protocol": "openid-connect",
        "protocolMapper": "oidc-audience-mapper",
        "config": {
            "included.client.audience": client_id,
            "access.token.claim": "true",
            "introspection.token.claim": "true",
        },
    }


def realm(name: str, clients: list[dict[str, Any]]) -> dict[str, Any]:
    """What stands in the file of one realm."""
    users = [
        {
            "username": os.environ[f"{which}_USERNAME"],
            "enabled": True,
            "email": f"{first.lower()}@example.com",
            "emailVerified": True,
            "firstName": first,
            "lastName": "Example",
            "credentials": [{"type": "password", "value": os.environ[f"{which}_PASSWORD"]}],
            "realmRoles": [f"default-roles-{name}", "offline_access"],
        }
        for which, first in (("PEER", "Alice"), ("PEER_SECOND", "Bob"))
    ]
    content: dict[str, Any] = {
        "realm": name,
        "enabled": True,
        "sslRequired": "none",  # plain http, as it is reached over the loopback alone
        "users": users,
        "clients": [client(row, bound=name == "dpop") for row in clients],
    }
    if name == "rotation":
        content["revokeRefreshToken"] = True
        for row in content["clients"]:
            row["protocolMappers"] = [own_audience(row["clientId"])]
    return content


def main() -> None:
    """Write the realms, then become Keycloak."""
    home = Path(sys.argv[1])
    clients = json.loads(Path(os.environ["PEER_CLIENTS"]).read_text("utf-8"))
    place = home / "data" / "import"
    place.mkdir(parents=True, exist_ok=True)
    for name in ("default", "rotation", "dpop"):
        file = place / f"{name}-realm.json"
        file.write_text(json.dumps(realm(name, clients), indent=1), "utf-8")
    issuer = urlsplit(os.environ["PEER_ISSUER"])
    kc = str(home / "bin" / "kc.sh")
    options = [
        "--optimized", "--import-realm", "--http-enabled=true", f"--http-host={issuer.hostname}",
        f"--http-port={issuer.port}", f"--hostname={issuer.scheme}://{issuer.netloc}",
    ]  # fmt: skip
    environment = {**os.environ, "JAVA_OPTS_KC_HEAP": HEAP, "KC_CACHE": "local"}
    os.execve(kc, [kc, "start", *options], environment)  # noqa: S606 - the server it is about


if __name__ == "__main__":
    main()
