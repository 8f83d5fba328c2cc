"""The target: its file, its discovery document, and what it can do."""
