"""The registry of requirements: each normative statement named once, in our own words."""

from conformance.registry.catalogue import Registry
from conformance.registry.model import Level, Requirement

__all__ = ["Level", "Registry", "Requirement"]
