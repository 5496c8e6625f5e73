"""Server-side apply: managed fields, and merging an applied configuration."""
