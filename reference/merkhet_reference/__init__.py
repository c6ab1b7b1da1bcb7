"""merkhet_reference: an HTTP/1.1 server to read with the specification open.

One I/O thread, a pool of workers, plain blocking handlers. `Server(handler).serve(8080)`. What is named here is what an
application needs; the modules have the rest.
"""

from merkhet_reference.access_log import AccessLog, access_handler
from merkhet_reference.disposition import set_content_disposition
from merkhet_reference.endpoint import WebSocket, WebSocketEvent, WebSocketGroup, WebSocketHandler
from merkhet_reference.event_stream import SSEEvent, last_event_id
from merkhet_reference.fields import Fields
from merkhet_reference.files import FileServer
from merkhet_reference.forms import Form, FormField, FormFile, receive_form
from merkhet_reference.limits import Limits
from merkhet_reference.message import Admission, AlreadyAnsweredError, Handler, Receiver, Request
from merkhet_reference.metrics import Metrics
from merkhet_reference.mime import detect_mime_type
from merkhet_reference.multipart import FormError, FormTooLargeError
from merkhet_reference.mutable import MutableFolder
from merkhet_reference.operation import Operation, metrics_page
from merkhet_reference.push import Broadcast, EventStream, Writer
from merkhet_reference.ranges import ByteRange, RangeSpec, merge_ranges, normalize_range, parse_ranges
from merkhet_reference.router import Router
from merkhet_reference.server import Server
from merkhet_reference.websocket.deflate import Settings as CompressionSettings
from merkhet_reference.websocket.events import Message
from merkhet_reference.websocket.handshake import HandshakeError

__all__ = [
    "AccessLog",
    "Admission",
    "AlreadyAnsweredError",
    "Broadcast",
    "ByteRange",
    "CompressionSettings",
    "EventStream",
    "Fields",
    "FileServer",
    "Form",
    "FormError",
    "FormField",
    "FormFile",
    "FormTooLargeError",
    "Handler",
    "HandshakeError",
    "Limits",
    "Message",
    "Metrics",
    "MutableFolder",
    "Operation",
    "RangeSpec",
    "Receiver",
    "Request",
    "Router",
    "SSEEvent",
    "Server",
    "WebSocket",
    "WebSocketEvent",
    "WebSocketGroup",
    "WebSocketHandler",
    "Writer",
    "access_handler",
    "detect_mime_type",
    "last_event_id",
    "merge_ranges",
    "metrics_page",
    "normalize_range",
    "parse_ranges",
    "receive_form",
    "set_content_disposition",
]
