"""Generators: a job in, events out. No Qt."""
