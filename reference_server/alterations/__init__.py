"""How servers differ from the one the specifications describe, applied from outside.

A defect is a fault, a dialect what a vendor's server is documented to do. Each is an `Alteration`:
a guard taken out or replaced, another value told at a seam, another configuration, something put
around the store or the clock.
"""

from __future__ import annotations

from tokenspec.reference_server.alterations.model import Alteration

__all__ = ["Alteration"]
