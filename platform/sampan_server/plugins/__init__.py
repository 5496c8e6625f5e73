"""Finding plugins by entry points, checking them and what they answer, asking them."""
