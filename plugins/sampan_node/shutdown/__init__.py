"""Ends the pods of a node that is shut down."""
