"""A project: annotations with their history, review status and results, in one SQLite file."""
