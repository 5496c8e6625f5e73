"""The patch formats of the API: JSON patch, JSON merge patch, strategic merge patch. None ever changes its input."""
