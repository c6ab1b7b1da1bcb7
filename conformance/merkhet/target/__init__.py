"""Targets: how they are declared, reached, started, watched and explored."""
