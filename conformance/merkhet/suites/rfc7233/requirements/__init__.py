"""The requirements of RFC 7233."""
