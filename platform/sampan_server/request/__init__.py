"""What every request passes: parsing, the chain (who, may), negotiation, and the forms of answers."""
