"""The configuration file, and what is worked out from it and this machine."""
