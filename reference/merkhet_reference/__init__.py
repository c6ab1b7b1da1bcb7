"""merkhet_reference: an HTTP/1.1 server to read with the specification open.

One I/O thread, a pool of workers, plain blocking handlers. `Server(handler).serve(8080)`.
"""

from merkhet_reference.limits import Limits as Limits
from merkhet_reference.message import Handler as Handler
from merkhet_reference.message import Request as Request
from merkhet_reference.router import Router as Router
from merkhet_reference.server import Server as Server
