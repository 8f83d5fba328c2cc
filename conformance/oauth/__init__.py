"""The pieces of an OAuth client: PKCE, DPoP proofs, client authentication."""
