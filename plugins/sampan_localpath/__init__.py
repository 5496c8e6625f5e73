"""Volumes that are directories of a node, made for claims and removed with them."""
