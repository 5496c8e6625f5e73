"""Where sampan_postgres meets the platform."""
