"""Target files that several tests write, with `issuer` to be filled in."""

PUBLIC = """\
format: 1
issuer: {issuer}
clients:
  - client_id: tokenspec-public
    redirect_uris: ["https://client.example/callback"]
login: {{username: alice, password: wonderland}}
scope: openid offline_access
"""
