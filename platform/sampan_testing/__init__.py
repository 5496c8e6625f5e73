"""Shipped helpers for tests: contract suites, fakes, an in-process cluster."""
