"""What a kind means to the federation: replicas, health, status, dependencies, and what members own."""
