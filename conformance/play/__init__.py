"""Playing a scenario against a server, and judging what came of it."""
