"""Playing a scenario: steps on the wire, made from a valid exchange and the scenario's changes."""
