"""Where sampan_pods meets the platform."""
