"""Where sampan_nodes meets the platform."""
