"""RFC 9110, Section 5.6 and RFC 5234, Appendix B.1: the core rules, as regular expressions over octets.

Digits are the ten octets 0x30 to 0x39 and letters the 52 of ASCII: no rule here is ever applied to decoded text, where
"digit" and "letter" mean thousands of code points. Repetitions are possessive: what they have taken they never give
back, so that every match is linear in its input.
"""

from __future__ import annotations

import re

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
"""RFC 9110, Section 5.6.2."""

OWS = rb"[ \t]*+"
BWS = OWS
"""Bad whitespace: never sent, always understood (RFC 9110, Section 5.6.3)."""

QUOTED_STRING = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*+"'
"""RFC 9110, Section 5.6.4."""

FIELD_VALUE = rb"[\t\x20-\x7e\x80-\xff]*+"
"""A field line's value with the whitespace around it: no CR, LF, NUL or other control (RFC 9110, Section 5.5)."""

DIGITS = rb"[0-9]++"
HEXDIGITS = rb"[0-9A-Fa-f]++"

PARAMETERS = rb"(?:" + OWS + rb";" + OWS + rb"(?:" + TOKEN + rb"=(?:" + TOKEN + rb"|" + QUOTED_STRING + rb"))?)*+"
"""RFC 9110, Section 5.6.6."""

PCT_ENCODED = rb"%[0-9A-Fa-f]{2}"
UNRESERVED = rb"A-Za-z0-9\-._~"
SUB_DELIMS = rb"!$&'()*+,;="
PCHAR = rb"(?:[" + UNRESERVED + SUB_DELIMS + rb":@]|" + PCT_ENCODED + rb")"
"""RFC 3986, Section 3.3."""

ABSOLUTE_PATH = rb"(?:/" + PCHAR + rb"*+)++"
QUERY = rb"(?:" + PCHAR + rb"|[/?])*+"
SCHEME = rb"[A-Za-z][A-Za-z0-9+\-.]*+"

REG_NAME = rb"(?:[" + UNRESERVED + SUB_DELIMS + rb"]|" + PCT_ENCODED + rb")*+"
IP_LITERAL = rb"\[(?:[0-9A-Fa-f:.]++|[vV][0-9A-Fa-f]++\.[" + UNRESERVED + SUB_DELIMS + rb":]++)\]"
"""RFC 3986, Section 3.2.2. # Choice: the octets of an IPv6 address are held, not its count of groups."""

URI_HOST = rb"(?:" + IP_LITERAL + rb"|" + REG_NAME + rb")"
PORT = rb"[0-9]*+"


def whole(pattern: bytes) -> re.Pattern[bytes]:
    """Compile `pattern` for a match from the first octet to the last; `$` would let a final LF pass."""
    return re.compile(rb"(?:" + pattern + rb")\Z")
