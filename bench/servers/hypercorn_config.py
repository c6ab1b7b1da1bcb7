"""Hypercorn, with one of its defaults changed: it closes a connection after a thousand requests, and here they are kept."""

keep_alive_max_requests = 1_000_000_000
