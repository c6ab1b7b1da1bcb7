"""What every child of the proving ground needs, imported once by the server that forks them."""

from __future__ import annotations

import mutation

from merkhet import catalogue
from merkhet_reference import contract, server, tls

LOADED = (catalogue.load(), mutation.load(), contract, server, tls)
