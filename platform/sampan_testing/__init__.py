"""Helpers for test suites of plugins: contract suites, fakes, an in-process cluster."""
