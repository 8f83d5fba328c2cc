#!/usr/bin/env bash
# Library: Canaille 0.3.6 with its extras `oidc`, `front` and `sqlite` (PyPI), which brings Authlib.
#
# Expected: valid code exchanges of one user at one client, one after the other, each get an access
# token (RFC 6749 §4.1.4).
#
# Instead: an access token is made as an ID token is, from the user, the client and the time in whole
# seconds, and nothing in it is unique. Two of the same second are the same text, and the database
# takes each text once: the second exchange ends in a server error.
set -u
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    "canaille[oidc,front,sqlite]==0.3.6" Authlib==1.9.10 joserfc==1.8.0 || exit 2

cat >"$folder/show.py" <<'SCRIPT'
import sys
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from joserfc.jwk import RSAKey

REDIRECT = "https://client.example/cb"
SCOPE = ["openid", "profile"]
CODES = [f"code-{number}" for number in range(12)]

app = create_app(
    {
        "SECRET_KEY": "s" * 32,
        "SERVER_NAME": "issuer.example",
        "CANAILLE": {"DATABASE": "sql"},
        "CANAILLE_SQL": {"DATABASE_URI": f"sqlite:///{sys.argv[1]}/canaille.sqlite"},
        "CANAILLE_OIDC": {"ACTIVE_JWKS": [RSAKey.generate_key(2048).as_dict(private=True)]},
    }
)
app.config["TESTING"] = False


def exchanged(code):
    answer = app.test_client().post(
        "/oauth/token",
        data={"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT},
        auth=("web", "secret"),
    )
    said = answer.json
    print(f"{code}: status {answer.status_code}, {said.get('error') or 'an access token'}")
    return answer.status_code, str(said.get("error_description", "")).partition("\n")[0]


with app.app_context():
    Backend.instance.install(app)
    now = datetime.now(UTC)
    user = models.User(user_name="alice", family_name="Alice", emails=["alice@example.org"])
    Backend.instance.save(user)
    client = models.Client(
        client_id="web",
        client_secret="secret",
        client_name="web",
        redirect_uris=[REDIRECT],
        token_endpoint_auth_method="client_secret_basic",
        grant_types=["authorization_code"],
        response_types=["code"],
        scope=SCOPE,
        client_id_issued_at=now,
    )
    Backend.instance.save(client)
    for code in CODES:
        Backend.instance.save(
            models.AuthorizationCode(
                authorization_code_id=code,
                code=code,
                client=client,
                subject=user,
                redirect_uri=REDIRECT,
                response_type="code",
                scope=SCOPE,
                nonce="n",
                issue_date=now,
                lifetime=600,
            )
        )

app.logger.disabled = True
seen = [exchanged(code) for code in CODES]
lost = [why for status, why in seen if status == 500 and "UNIQUE" in why]
print(f"{len(lost)} of {len(seen)} valid codes bought nothing", *lost[:1], sep="\n")
sys.exit(0 if seen[0][0] == 200 and lost else 1)
SCRIPT
"$folder/venv/bin/python" "$folder/show.py" "$folder" 2>/dev/null
