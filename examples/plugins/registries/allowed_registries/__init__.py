"""An admission policy for sampan: images come from allowed registries only."""
