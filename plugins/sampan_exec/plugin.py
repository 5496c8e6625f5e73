"""Where sampan_exec meets the platform."""
