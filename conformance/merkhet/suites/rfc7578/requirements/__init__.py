"""RFC 7578: its requirements."""
