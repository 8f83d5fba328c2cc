#!/usr/bin/env bash
# Library: django-allauth 65.22.1, with its extra `idp-oidc` (PyPI), and Django 5.2.19.
#
# Expected: the extra that its documentation names for the OpenID Connect provider brings what the
# provider imports, so that a project with default settings can include its routes.
#
# Instead: the provider imports, for client metadata documents,
# `requests`, and only the extra `socialaccount` brings that. Whichever address of the project is
# asked first, loading its routes fails, so that every page ends in a server error.
set -u
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" || exit 2
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    "django-allauth[idp-oidc]==65.22.1" Django==5.2.19 || exit 2

cat >"$folder/show.py" <<'SCRIPT'
import sys

import django
from django.conf import settings
from django.urls import include

settings.configure(
    SECRET_KEY="s" * 50,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "allauth",
        "allauth.account",
        "allauth.idp.oidc",
    ],
    MIDDLEWARE=["allauth.account.middleware.AccountMiddleware"],
)
django.setup()
try:
    routes, _application, _namespace = include("allauth.idp.urls")
    print(f"loaded: {routes.__name__}")
    sys.exit(1)
except ModuleNotFoundError as error:
    print(f"loading the routes of the provider: {error}")
    sys.exit(0 if error.name == "requests" else 1)
SCRIPT
"$folder/venv/bin/python" "$folder/show.py"
