"""One pod: its state machine, what is performed for it, and what its status says."""
