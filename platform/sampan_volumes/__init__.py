"""Contracts and hooks of volumes that plugins mount."""
