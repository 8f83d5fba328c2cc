"""Named checks on one response or token, each citing what it enforces."""
