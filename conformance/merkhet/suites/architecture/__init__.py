"""What a client sees of how a server is built: streams, threads and a graceful end. No specification asks for these."""
