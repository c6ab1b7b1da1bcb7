"""Fuzzers for HTTP servers and parsers."""
