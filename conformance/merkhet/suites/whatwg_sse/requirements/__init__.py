"""The requirements of event streams that a server has."""
