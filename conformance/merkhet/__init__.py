"""A conformance harness for HTTP servers."""

__version__ = "0.1.0.dev0"
