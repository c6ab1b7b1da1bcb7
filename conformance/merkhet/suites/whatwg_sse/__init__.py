"""WHATWG HTML, Section 9.2: Server-sent events, as far as a server has a part in them."""
