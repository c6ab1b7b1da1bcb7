"""The requirements of RFC 7692 that a server has."""
