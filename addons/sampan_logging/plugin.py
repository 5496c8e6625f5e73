"""Where sampan_logging meets the platform."""
