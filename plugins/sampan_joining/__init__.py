"""Joins machines to a cluster: bootstrap tokens, certificates for nodes and their renewal, draining and removal."""
