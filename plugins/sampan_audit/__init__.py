"""The audit log: who did what to which object, and what came of it."""
