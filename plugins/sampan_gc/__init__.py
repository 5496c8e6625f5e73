"""Garbage collection: what is owned goes when its owners have gone."""
