"""The engine: runs checks against a target and says what each came to."""
