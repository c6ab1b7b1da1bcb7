"""The qualities that a client can see."""
