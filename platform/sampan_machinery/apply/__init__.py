"""Server-side apply: who owns which field (managedFields), and merging what is applied."""
