"""Where sampan_config meets the platform."""
