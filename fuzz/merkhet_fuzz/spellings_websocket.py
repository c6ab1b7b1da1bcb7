"""The closed lists of spellings that only WebSocket has: methods, keys, offers of extensions, and subprotocols."""

from __future__ import annotations

from collections.abc import Mapping

METHODS: Mapping[str, bytes] = {
    "head": b"HEAD", "post": b"POST", "options": b"OPTIONS", "put": b"PUT", "delete": b"DELETE", "unknown": b"MERKHET",
    "lower": b"get", "title": b"Get", "longer": b"GETS", "shorter": b"GE",
}  # fmt: skip
KEYS: Mapping[str, bytes] = {
    "empty": b"", "octet": b"AA==", "octets15": b"AQIDBAUGBwgJCgsMDQ4P", "octets17": b"AQIDBAUGBwgJCgsMDQ4PEBE=",
    "octets24": b"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY", "unpadded": b"dGhlIHNhbXBsZSBub25jZQ",
    "overpadded": b"dGhlIHNhbXBsZSBub25jZQ===", "sixteen-characters": b"the sample nonce",
    "no-base64": b"!!!!!!!!!!!!!!!!!!!!!!==", "url-alphabet": b"_-_-_-_-_-_-_-_-_-_-_w==",
    "inner-space": b"dGhlIHNhbXB sZSBub25jZQ==", "quotes": b'"dGhlIHNhbXBsZSBub25jZQ=="',
    "odd-bits": b"dGhlIHNhbXBsZSBub25jZR==", "comma-behind": b"dGhlIHNhbXBsZSBub25jZQ==,",
    "parameter": b"dGhlIHNhbXBsZSBub25jZQ==;q=1", "list": b"dGhlIHNhbXBsZSBub25jZQ==, AQIDBAUGBwgJCgsMDQ4PEA==",
    "other": b"AQIDBAUGBwgJCgsMDQ4PEA==",
}  # fmt: skip
_D = b"permessage-deflate"
OFFERS: Mapping[str, bytes] = {
    # offers that are declined (RFC 7692, Section 7)
    "unknown-parameter": _D + b"; merkhet", "unknown-value": _D + b"; merkhet=1",
    "unknown-behind": _D + b"; client_max_window_bits; merkhet", "webkit-parameter": _D + b"; no_context_takeover",
    "plural-parameter": _D + b"; server_no_context_takeovers", "server-bits-7": _D + b"; server_max_window_bits=7",
    "server-bits-16": _D + b"; server_max_window_bits=16", "server-bits-0": _D + b"; server_max_window_bits=0",
    "server-bits-010": _D + b"; server_max_window_bits=010", "server-bits-plus": _D + b"; server_max_window_bits=+10",
    "server-bits-word": _D + b"; server_max_window_bits=ten", "server-bits-none": _D + b"; server_max_window_bits",
    "server-bits-point": _D + b"; server_max_window_bits=10.0",
    "server-bits-huge": _D + b"; server_max_window_bits=4294967306",
    "server-bits-empty": _D + b'; server_max_window_bits=""', "client-bits-7": _D + b"; client_max_window_bits=7",
    "client-bits-16": _D + b"; client_max_window_bits=16", "client-bits-010": _D + b"; client_max_window_bits=010",
    "client-bits-word": _D + b"; client_max_window_bits=ten", "client-bits-0": _D + b"; client_max_window_bits=0",
    "server-takeover-value": _D + b"; server_no_context_takeover=1",
    "client-takeover-value": _D + b"; client_no_context_takeover=true",
    "server-takeover-twice": _D + b"; server_no_context_takeover" * 2,
    "client-takeover-twice": _D + b"; client_no_context_takeover" * 2,
    "server-bits-twice": _D + b"; server_max_window_bits=10; server_max_window_bits=12",
    "client-bits-twice": _D + b"; client_max_window_bits; client_max_window_bits=10",
    "invalid-then-valid": _D + b"; server_max_window_bits=7, " + _D, "valid-then-invalid": _D + b", " + _D + b"; merkhet",
    # names that are others
    "longer-name": _D + b"-2", "capital-name": b"Permessage-Deflate", "parameter-name": b"x-merkhet; " + _D,
    "unknown-name": b"x-merkhet", "old-name": b"x-webkit-deflate-frame",
    # what the grammar does not have (RFC 6455, Section 9.1)
    "semicolons": _D + b";;", "semicolon-behind": _D + b";", "semicolon-before": b"; " + _D, "equals": _D + b"; =1",
    "no-value": _D + b"; server_max_window_bits=", "space-name": b"permessage deflate", "slash": b"permessage/deflate",
    "quoted-name": b'"permessage-deflate"', "open-quote": _D + b'; server_max_window_bits="10',
    "quoted-comma": _D + b'; server_max_window_bits="1,0"', "quoted-space": _D + b'; server_max_window_bits="1 0"',
    "two-values": _D + b"; server_max_window_bits=10=10", "parenthesis": _D + b"; (a)", "colon": _D + b": a",
    "at": b"perm@essage", "no-separator": _D + b" client_max_window_bits", "high": _D + b"; \xe9",
    # legal
    "quoted": _D + b'; server_max_window_bits="10"', "escaped": _D + b'; server_max_window_bits="1\\0"',
    "plain": _D, "tight": _D + b";client_max_window_bits", "spaces": _D + b" \t;\tclient_max_window_bits ",
    "all": _D + b"; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=9",
}  # fmt: skip
SUBPROTOCOLS: Mapping[str, bytes] = {
    "unknown": b"x-merkhet", "upper": b"MERKHET.ONE", "longer": b"merkhet.one.more", "shorter": b"merkhet",
    "joined": b"merkhet.one.merkhet.two", "twice": b"merkhet.one, merkhet.one", "both": b"merkhet.one, merkhet.two",
    "empty": b"", "comma": b",", "inner-space": b"mer khet", "slash": b"merkhet/one", "quoted": b'"merkhet.one"',
    "parameter": b"merkhet.one;q=1", "high": b"merkhet.\xc3\xa9", "tight": b"x-merkhet,merkhet.two,chat",
    "wide": b" x-merkhet \t,\t merkhet.two \t", "semicolon": b"merkhet.one; merkhet.two", "prefix": b"x-merkhet.one",
}  # fmt: skip
