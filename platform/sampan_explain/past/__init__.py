"""Earlier revisions of objects: what each changed and who wrote it, and what to create of a deleted object."""
