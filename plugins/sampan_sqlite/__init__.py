"""The embedded store: a revisioned log in one SQLite file."""
