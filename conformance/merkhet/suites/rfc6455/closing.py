"""RFC 6455, Sections 5.5.1 and 7: what the checks on closing share: canned servers that have echoed a message, and then end.

Each has sent `OPEN`, and is then good at closing, or bad at it in one way.
"""

from __future__ import annotations

from merkhet.check import Canned, closes
from merkhet.suites.websocket_words import OPEN, server_close

BYE = server_close(1000)
GOOD = closes(OPEN + BYE)
STANDS = Canned("keeps the connection behind its Close", OPEN + BYE)
BARE = Canned("hangs up without a Close", closes(OPEN))
UNANSWERED = Canned("does not answer the Close", OPEN)
DEAF = Canned("does nothing any more", OPEN)
