"""The pages of docs/ that are made from the code: `python -m conformance.pages` writes them all."""
