"""RFC 6455 and RFC 7692: WebSocket, and compression of its messages. Octets in, events out; the machine is outside of it."""
