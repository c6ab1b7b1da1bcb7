"""RFC 7233: Range Requests, shown beside what succeeded it."""
