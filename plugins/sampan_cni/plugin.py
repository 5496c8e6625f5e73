"""Where sampan_cni meets the platform."""
