"""Protocols and frozen records that hooks speak in; nothing here does I/O."""
