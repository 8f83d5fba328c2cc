"""The reference authorization server: strict, in memory, and the oracle of the harness."""

from tokenspec.reference_server.alterations import Alteration
from tokenspec.reference_server.config import Api, Client, Policy, ServerConfig, User
from tokenspec.reference_server.errors import OAuthError
from tokenspec.reference_server.messages import Refusal, Request, Response
from tokenspec.reference_server.server import Server

__all__ = [
    "Alteration",
    "Api",
    "Client",
    "OAuthError",
    "Policy",
    "Refusal",
    "Request",
    "Response",
    "Server",
    "ServerConfig",
    "User",
]
