"""Secrets encrypted at rest, in any store, by keys from a file or from a key provider."""
