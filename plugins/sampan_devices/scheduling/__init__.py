"""The scheduler's plugin for claims to devices."""
