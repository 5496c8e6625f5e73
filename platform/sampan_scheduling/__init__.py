"""Contracts and hooks of the scheduler's extension points."""
