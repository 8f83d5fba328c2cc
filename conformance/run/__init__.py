"""A run: from scenarios and a target to findings and their record."""
