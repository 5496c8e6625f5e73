"""`sampan query`: SQL over live objects, with the rights of its user."""
