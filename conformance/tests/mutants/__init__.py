"""The reference with one rule broken at a time."""
