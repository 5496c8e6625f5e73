"""Pure functions over Kubernetes objects as plain dicts. No I/O, no clock, no plugins."""
