"""The requirements of RFC 9112 on an origin server, a module for each section."""
