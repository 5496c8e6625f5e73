"""Webhooks that know callers by their tokens, and that say what callers may do."""
