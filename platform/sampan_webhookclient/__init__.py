"""Calls webhooks: HTTPS servers that answer a JSON review with a JSON review."""
