"""RFC 6455: The WebSocket Protocol."""
