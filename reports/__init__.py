"""Renderers: from the lines of a record to what people and machines read. They see nothing else."""
