"""What plugins bring to the server: asked for at boot, third-party code run in isolation."""
