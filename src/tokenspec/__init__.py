"""A conformance harness for OAuth 2.0 token endpoints.

The parts are beside this file, as links to the folders at the top of the checkout:
`tokenspec.conformance`, `tokenspec.reference_server`, `tokenspec.reports`, `tokenspec.scenarios`.
"""

__version__ = "0.1.0"

__all__ = ["__version__"]
