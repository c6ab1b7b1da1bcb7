"""The requirements of RFC 9110 that a server has."""
