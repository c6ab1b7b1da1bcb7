"""Parsers of others, as the fuzzer sees them. Each file imports its library only when it is used."""
