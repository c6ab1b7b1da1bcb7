"""RFC 8187: extended parameter values."""
