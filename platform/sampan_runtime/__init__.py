"""Contracts and hooks of container runtimes."""
