"""RFC 2046: its requirements."""
