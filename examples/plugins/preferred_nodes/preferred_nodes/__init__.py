"""A scheduling plugin for sampan: nodes with a label are preferred."""
