"""The API server: a WSGI application (falcon) and the gunicorn worker that serves it fast."""
