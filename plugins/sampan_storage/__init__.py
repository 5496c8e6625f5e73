"""Storage: volumes, claims and their classes, what CSI drivers say, and the controllers that bind and protect."""
