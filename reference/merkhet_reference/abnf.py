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
DEC_OCTET = rb"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
H16 = rb"[0-9A-Fa-f]{1,4}"
LS32 = rb"(?:" + H16 + rb":" + H16 + rb"|" + DEC_OCTET + rb"(?:\." + DEC_OCTET + rb"){3})"


def _ipv6_address() -> bytes:
    """Return eight groups, of which "::" stands for one or more; the last two may be an IPv4 address."""
    group = rb"(?:" + H16 + rb":)"
    before = [rb"(?:" + group + rb"{0,%d}" % count + H16 + rb")?::" for count in range(7)]
    forms = [group + rb"{6}" + LS32, rb"::" + group + rb"{5}" + LS32]
    forms += [before[count] + group + rb"{%d}" % (4 - count) + LS32 for count in range(5)]
    forms += [before[5] + H16, before[6]]
    return rb"(?:" + rb"|".join(forms) + rb")"


IPV6_ADDRESS = _ipv6_address()
"""RFC 3986, Section 3.2.2."""

IP_LITERAL = rb"\[(?:" + IPV6_ADDRESS + rb"|[vV][0-9A-Fa-f]++\.[" + UNRESERVED + SUB_DELIMS + rb":]++)\]"
"""RFC 3986, Section 3.2.2."""

URI_HOST = rb"(?:" + IP_LITERAL + rb"|" + REG_NAME + rb")"
PORT = rb"[0-9]*+"


def whole(pattern: bytes) -> re.Pattern[bytes]:
    """Compile `pattern` for a match from the first octet to the last; `$` would let a final LF pass."""
    return re.compile(rb"(?:" + pattern + rb")\Z")
