"""docs/target-file.md, made of the tables.

`python -m tokenspec.conformance.target.reference FILE` writes it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tokenspec.conformance.target.capabilities import CAPABILITIES
from tokenspec.conformance.target.format import SECTIONS, Key, Section

OPENING = """\
# The target file

One YAML file says what is tested and how to get in. `tokenspec init ISSUER_URL` writes it,
`tokenspec check target.yaml` says what is wrong with it, `tokenspec run target.yaml` uses it.
This page is made from the tables that the loader reads by; a test holds it to them.

The shortest file:

```yaml
format: 1
issuer: https://login.example
clients:
  - client_id: my-client
    redirect_uris: [https://app.example/callback]
login: {username: test-user, password: {env: TOKENSPEC_PASSWORD}}
```

A file with which nearly every case applies:

```yaml
format: 1
product: {vendor: Example, name: Example Login, version: "2026.11"}
issuer: https://login.example
clients:
  - client_id: public-app
    redirect_uris: [https://app.example/callback, https://app.example/other]
  - client_id: other-app
    redirect_uris: [https://app.example/callback]
  - client_id: web-app
    auth: client_secret_basic
    secret: {env: WEB_APP_SECRET}
    redirect_uris: [https://app.example/callback]
login:
  - {username: test-user, password: {env: TOKENSPEC_PASSWORD}}
  - {username: other-user, password: {env: TOKENSPEC_OTHER_PASSWORD}}
scope: openid profile email offline_access
apis:
  - {audience: https://api.example/orders, offline_access: true}
  - {audience: https://api.example/status}
limits: {rate: 20}
```

## Rules of the file

- Secrets are kept in the environment: `{env: NAME}`. A literal secret is read only where the issuer
  is on the loopback (127.0.0.0/8, ::1, localhost).
- URLs are `https`; `http` is read only for the loopback.
- Unknown and duplicate keys, anchors and aliases are refused. All problems of a file are
  reported at once, each with line and column. `no`, `12:30` and dates are texts, not truth values
  or times.

## In an editor

`tokenspec init` writes `target-1.schema.json` beside the file, and begins the file with

```yaml
# yaml-language-server: $schema=target-1.schema.json
```

Editors with the YAML language server (VS Code with the YAML extension, Neovim, Helix, Emacs, Zed)
then complete keys and words, show what each says, and mark what is unknown while you type; IDEs of
JetBrains take the same file under *JSON Schema Mappings*. For a file that you already have, write
what `tokenspec schema target` prints to `target-1.schema.json`, and add the line above. Keep both
in version control; after an upgrade make the schema again.

The schema is made from the tables below, so it knows each key that is read and no other. What needs
the rest of the file or the environment, such as a variable that is not set, `tokenspec check` alone
sees. `tokenspec schema waivers` prints that of [waivers](waivers.md).
"""


def reference() -> str:
    """The whole page as Markdown."""
    return "\n".join([OPENING, *(line for s in SECTIONS for line in _section(s)), *_words()])


def _section(section: Section) -> Iterator[str]:
    yield f"## `{section.place}`\n" if section.place else "## The keys\n"
    yield f"{section.summary}\n"
    yield "| key | value | without it | what it says |"
    yield "|---|---|---|---|"
    for name, key in section.keys.items():
        yield _row(name, key)
    yield ""


def _row(name: str, key: Key) -> str:
    without = "**needed**" if key.needed else key.default or "–"
    return f"| `{name}` | {key.shape} | {without} | {key.summary} |"


def _words() -> Iterator[str]:
    yield "## Words of `capabilities`\n"
    yield (
        "Each decides whether cases apply: what this file says of it, else the profile, else what "
        "the preflight saw of the server, else its metadata. `tokenspec check` prints how each was "
        "decided; `seen:` is what the server did.\n"
    )
    yield "| word | the target has |"
    yield "|---|---|"
    for name, capability in sorted(CAPABILITIES.items()):
        yield f"| `{name}` | {capability.summary} |"
    yield ""


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
