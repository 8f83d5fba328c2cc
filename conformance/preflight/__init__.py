"""Before a run: can the target be judged? What is known of it, found out and said step by step."""
