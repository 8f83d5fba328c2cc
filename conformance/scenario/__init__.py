"""The scenario format: model, operators and the strict loader."""
