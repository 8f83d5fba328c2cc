"""The harness: what is asked of a token endpoint, how it is played, judged and kept."""
