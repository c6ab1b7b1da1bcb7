"""Fuzzing of servers over the wire: surfaces know a protocol, the engine knows sockets, a campaign brings them together."""
