"""Generated cases, played on target and oracle alike, and their answers compared."""
