"""Where sampan_autoscaling meets the platform."""
