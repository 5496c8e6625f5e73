"""Who is asking: client certificates, service-account tokens, front-proxy headers."""
