"""federation: one cluster out of many; speaks the API of Karmada."""
