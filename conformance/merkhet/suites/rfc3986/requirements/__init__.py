"""The requirements of RFC 3986 on who receives or produces a URI, a module for a few sections."""
