"""The watch cache: every object's encoded JSON in memory, fed by the store's watch; reads never decode."""
