"""Proof that the checks can fail: canned servers beside each check, and dead servers for all of them."""
