"""Where sampan_ingress meets the platform."""
