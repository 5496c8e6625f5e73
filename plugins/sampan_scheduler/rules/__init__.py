"""The scheduler's own plugins, one rule a file, on the same extension points as third-party ones."""
