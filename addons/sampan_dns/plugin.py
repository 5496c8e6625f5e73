"""Where sampan_dns meets the platform."""
