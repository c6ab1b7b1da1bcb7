"""Which endpoints of the contract a target truly has: each is believed only for the right answers (docs/contract.md).

An endpoint that is not declared is asked with safe methods alone. Those that only a POST, a PUT or a CONNECT can tell are
asked if they are declared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from merkhet.engine.preflight import Scout
from merkhet.target.probe import Missed, Probe, Prober
from merkhet.target.probes import PROBES
from merkhet.target.probes_events import EVENT_PROBES, PUSH_PROBES
from merkhet.target.probes_media import MEDIA_PROBES
from merkhet.target.probes_unsafe import UNSAFE_PROBES
from merkhet.target.probes_websocket import SOCKET_PROBES
from merkhet.template import ENDPOINTS, Names
from merkhet.wire.dial import Dialer, Unreachable

SAFE: Mapping[str, Probe] = {**PROBES, **MEDIA_PROBES, **EVENT_PROBES}
UNSAFE: Mapping[str, Probe] = {**UNSAFE_PROBES, **PUSH_PROBES, **SOCKET_PROBES}
"""Probes that an endpoint must be declared for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """The endpoints that answered as docs/contract.md says, with their paths, and why each of the others is not there.

    `unasked` are those that nobody may look for unasked: they are there if they are declared.
    """

    found: Mapping[str, str]
    missed: Mapping[str, str]
    unasked: tuple[str, ...] = ()


async def discover(dialer: Dialer, names: Names, *, scale: float = 1.0) -> Discovery:
    """Ask for each endpoint of the contract.

    `names` gives host, scheme and the declared paths; the others are tried where the contract puts them. Raises
    Unreachable if there is no connection at all.
    """
    base = names.endpoints.get("root", "/").rstrip("/")
    asked = [name for name in ENDPOINTS if name in SAFE or name in names.endpoints]
    tried = replace(names, endpoints={**{name: base + ENDPOINTS[name] for name in asked}, **names.endpoints})
    prober = Prober(Scout(dialer, tried, scale), tried)
    found: dict[str, str] = {}
    missed: dict[str, str] = {}
    for name in asked:
        try:
            await (SAFE.get(name) or UNSAFE[name])(prober)
        except Missed as why:
            missed[name] = str(why)
        except Unreachable as problem:
            if name == "root":
                raise
            missed[name] = str(problem)
        else:
            found[name] = tried.endpoints[name]
    return Discovery(found=found, missed=missed, unasked=tuple(name for name in ENDPOINTS if name not in asked))
