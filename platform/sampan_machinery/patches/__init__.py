"""The patch formats of the API: JSON patch, JSON merge patch, strategic merge patch. None changes its input."""
