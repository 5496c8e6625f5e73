"""Where sampan_services meets the platform."""
