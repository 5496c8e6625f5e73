"""Where sampan_namespaces meets the platform."""
