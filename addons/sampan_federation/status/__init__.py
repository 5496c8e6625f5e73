"""What members report, collected in bindings and shown on the host's objects."""
