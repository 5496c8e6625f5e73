"""Small HTTPS servers of components: the standard library's http.server with a thread per connection."""
