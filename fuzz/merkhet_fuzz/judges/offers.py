"""RFC 7692, Section 7: offers of permessage-deflate that are declined."""

from __future__ import annotations

import re

from merkhet.wire.extensions import Extension

SERVER_FRESH, CLIENT_FRESH = b"server_no_context_takeover", b"client_no_context_takeover"
SERVER_BITS, CLIENT_BITS = b"server_max_window_bits", b"client_max_window_bits"
KNOWN = frozenset((SERVER_FRESH, CLIENT_FRESH, SERVER_BITS, CLIENT_BITS))
BITS = re.compile(rb"[89]|1[0-5]")


def offer_fault(offer: Extension) -> str:
    """Return the requirement by which an offer is declined, "" if it is a good one (RFC 7692, Section 7)."""
    names = [name for name, _ in offer.parameters]
    if any(name not in KNOWN for name in names):
        return "rfc7692-7-1-a1"
    if len(set(names)) < len(names):
        return "rfc7692-7-1-a3"
    for name, value in offer.parameters:
        if name in {SERVER_FRESH, CLIENT_FRESH}:
            is_good = value is None
        else:
            is_good = (name == CLIENT_BITS and value is None) or (
                value is not None and BITS.fullmatch(value) is not None
            )
        if not is_good:
            return "rfc7692-7-1-a2"
    return ""
