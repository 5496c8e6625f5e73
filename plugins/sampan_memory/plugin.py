"""Where sampan_memory meets the platform."""
