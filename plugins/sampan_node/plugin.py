"""Where sampan_node meets the platform."""
