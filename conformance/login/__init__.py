"""Login drivers: ways to carry an authorization request to its code."""
