"""Questions about scheduling that people ask: why a pod is where it is, and what would happen if. Changes nothing."""
