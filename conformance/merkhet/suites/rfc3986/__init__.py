"""RFC 3986: Uniform Resource Identifier (URI): Generic Syntax, as far as a server shows what it makes of one."""
