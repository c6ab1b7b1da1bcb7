"""RFC 9112: HTTP/1.1, the server's side, without input or output: octets in, events out, and no clock."""
