"""RFC 9111: HTTP Caching."""
