"""The reference authorization server: strict, in memory, and the oracle of the harness."""
