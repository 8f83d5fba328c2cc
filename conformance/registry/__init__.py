"""The registry of requirements: each normative statement named once, in our own words."""

from tokenspec.conformance.registry.catalogue import Registry
from tokenspec.conformance.registry.model import Level, Requirement

__all__ = ["Level", "Registry", "Requirement"]
