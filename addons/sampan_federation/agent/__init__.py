"""The agent of a member in pull mode: it connects to the host, for the host cannot connect to it."""
