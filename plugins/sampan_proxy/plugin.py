"""Where sampan_proxy meets the platform."""
