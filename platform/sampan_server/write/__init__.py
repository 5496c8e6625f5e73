"""The writing verbs and the write pipeline: admission, managed fields, metadata, commit."""
