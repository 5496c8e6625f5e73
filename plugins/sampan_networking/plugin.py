"""Where sampan_networking meets the platform."""
