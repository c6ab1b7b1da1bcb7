"""RFC 6266: Content-Disposition in HTTP."""
