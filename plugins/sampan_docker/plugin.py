"""Where sampan_docker meets the platform."""
