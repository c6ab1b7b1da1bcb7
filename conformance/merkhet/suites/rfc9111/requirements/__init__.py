"""The requirements of RFC 9111 that a server has."""
