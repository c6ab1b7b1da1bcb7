"""RFC 9110: HTTP Semantics."""
