"""Pure functions over objects, which are plain dicts in JSON shape. No I/O, no clock, no plugin."""
