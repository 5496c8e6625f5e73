"""Where sampan_auth meets the platform."""
