"""The bundled scenarios: YAML, a folder for each area."""
