"""Parsers and servers side by side: the same inputs to all, and what they do not read alike."""
