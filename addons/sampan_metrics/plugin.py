"""Where sampan_metrics meets the platform."""
