"""Renderers of merkhet results."""
