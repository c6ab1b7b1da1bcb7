"""RFC 7692: Compression Extensions for WebSocket."""
