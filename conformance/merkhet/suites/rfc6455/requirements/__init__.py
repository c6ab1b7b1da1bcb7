"""The requirements of RFC 6455 that a server has."""
