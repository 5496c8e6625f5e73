"""Where sampan_events meets the platform."""
