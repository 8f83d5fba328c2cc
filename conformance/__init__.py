"""A conformance harness for OAuth 2.0 token endpoints."""

__version__ = "0.1.0"
