"""The reference server beside other servers: `python -m bench`, or `tox -e bench`."""
