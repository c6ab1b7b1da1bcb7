"""RFC 2046: the multipart media type."""
