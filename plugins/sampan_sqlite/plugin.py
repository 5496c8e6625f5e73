"""Where sampan_sqlite meets the platform."""
