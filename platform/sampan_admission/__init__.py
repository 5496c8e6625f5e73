"""What admission webhooks and admission policies share: which requests they match, and what their expressions see."""
