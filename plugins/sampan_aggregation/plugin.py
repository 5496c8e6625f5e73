"""Where sampan_aggregation meets the platform."""
