"""Works are applied on members, and kept there as they are meant to be."""
