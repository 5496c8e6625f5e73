"""Member clusters: how they are reached, how they are, how they join and leave."""
