"""Where sampan_gc meets the platform."""
