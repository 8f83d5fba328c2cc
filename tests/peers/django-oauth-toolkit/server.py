"""An OpenID provider built with django-oauth-toolkit, as its tutorial lays it out: its own URLs and
authorization page, Django's own login view, and its default settings with OpenID Connect on.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

import django
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings

ISSUER = os.environ["PEER_ISSUER"]
# How long a replaced refresh token is honoured; 0 is the default, as is no protection from reuse.
GRACE_SECONDS = int(os.environ.get("PEER_GRACE_SECONDS", "0"))
LOGIN = """<!doctype html><title>Sign in</title>
<form method="post">{% csrf_token %}{{ form.as_p }}
<input type="hidden" name="next" value="{{ next }}"><button type="submit">Log in</button></form>"""


def signing_key() -> str:
    """A new key for ID tokens, in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem.decode()


settings.configure(
    SECRET_KEY=secrets.token_urlsafe(32),
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    LOGIN_URL="/accounts/login/",
    # Django's advice for tests: the default takes half a second for each sign-in and client secret.
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": Path("db.sqlite3").resolve(),
            "CONN_MAX_AGE": None,  # a new connection for each request takes a sixth of its time
            # Of a database that nobody needs tomorrow; each write would wait for the disk.
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF",
            },
        }
    },
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "oauth2_provider",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "OPTIONS": {
                "context_processors": ["django.template.context_processors.request"],
                "loaders": [
                    ("django.template.loaders.locmem.Loader", {"registration/login.html": LOGIN}),
                    "django.template.loaders.app_directories.Loader",
                ],
            },
        }
    ],
    OAUTH2_PROVIDER={
        "OIDC_ENABLED": True,
        "OIDC_RSA_PRIVATE_KEY": signing_key(),
        "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": GRACE_SECONDS,
        "REFRESH_TOKEN_REUSE_PROTECTION": bool(GRACE_SECONDS),
        "SCOPES": {"openid": "OpenID Connect", "read": "Read", "write": "Write"},
    },
)
django.setup()

from django.contrib.auth import get_user_model, views  # noqa: E402 - after setup
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import include, path  # noqa: E402
from oauth2_provider.models import Application  # noqa: E402
from waitress import serve  # noqa: E402

urlpatterns = [
    path("accounts/login/", views.LoginView.as_view()),
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
]


def prepare() -> None:
    """The database, with two users and the clients of every peer."""
    call_command("migrate", verbosity=0)
    for which in ("PEER", "PEER_SECOND"):
        get_user_model().objects.create_user(
            os.environ[f"{which}_USERNAME"], password=os.environ[f"{which}_PASSWORD"]
        )
    for client in json.loads(Path(os.environ["PEER_CLIENTS"]).read_text("utf-8")):
        secret = client.get("client_secret", "")
        if client["token_endpoint_auth_method"] == "private_key_jwt":
            continue  # not among its methods
        Application.objects.create(
            client_id=client["client_id"],
            client_type="confidential" if secret else "public",
            authorization_grant_type="authorization-code",
            client_secret=secret,
            redirect_uris=" ".join(client["redirect_uris"]),
            algorithm="RS256",
        )


if __name__ == "__main__":
    prepare()
    place = urlsplit(ISSUER)
    serve(get_wsgi_application(), host=place.hostname, port=place.port, threads=4, ident=None)
