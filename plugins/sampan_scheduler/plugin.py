"""Where sampan_scheduler meets the platform."""
