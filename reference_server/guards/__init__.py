"""The guards, one module a subject. Importing this package registers them all."""
