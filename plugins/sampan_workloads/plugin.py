"""Where sampan_workloads meets the platform."""
