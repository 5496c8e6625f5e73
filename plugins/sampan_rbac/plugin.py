"""Where sampan_rbac meets the platform."""
