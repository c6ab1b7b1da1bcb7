"""RFC 6266: its requirements."""
