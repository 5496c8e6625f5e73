"""Admission webhooks: their configurations, and calling them."""
