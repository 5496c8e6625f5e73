"""status, scale, and the subresources that plugins serve."""
