"""RFC 8187: its requirements."""
