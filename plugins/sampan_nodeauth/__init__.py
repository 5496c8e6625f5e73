"""What a node may do: read what its pods need, write what is its own."""
