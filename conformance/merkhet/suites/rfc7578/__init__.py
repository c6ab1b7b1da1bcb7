"""RFC 7578: multipart/form-data."""
