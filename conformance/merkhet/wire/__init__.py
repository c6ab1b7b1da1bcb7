"""The wire: connections, the strict response parser, and the judge that holds each response against its grammar."""
