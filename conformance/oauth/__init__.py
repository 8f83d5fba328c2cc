"""The client's half of the protocol: proof keys, DPoP proofs, client authentication."""
