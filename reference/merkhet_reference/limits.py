"""Every bound of the server in one place: each with its unit, and why it is as it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of anything one peer may take. A server without a bound has one all the same: its memory."""

    method_bytes_max: int = 32
    """The longest registered method, UPDATEREDIRECTREF, has 17 octets; a longer one is surely unknown."""

    request_line_bytes_max: int = 16384
    """At least 8000 octets ought to be supported (RFC 9112, Section 3); twice that leaves room for long queries."""

    head_bytes_max: int = 65536
    """Request line and field lines together: room for large cookies, and little enough for a thousand peers at once."""

    field_lines_max: int = 128
    """Field lines in a head or in a trailer section: a browser sends about twenty."""

    empty_lines_max: int = 4
    """Empty lines before a request line that are skipped: one is asked for (RFC 9112, Section 2.2)."""

    content_bytes_max: int = 16 * 1024 * 1024
    """Content of one request, decoded, that is collected in memory before its handler runs."""

    chunk_line_bytes_max: int = 4096
    """One chunk-size line with its extensions: nobody uses extensions, so a long one is an attack."""

    chunk_extension_bytes_max: int = 16384
    """Extensions of one message together (RFC 9112, Section 7.1.1): an octet of content must not cost a kilobyte."""

    trailer_bytes_max: int = 8192
    """The trailer section of one message."""

    connections_max: int = 1024
    """Open connections; the next one is told 503, so that those that are open stay served."""

    requests_in_flight_max: int = 32
    """Pipelined requests of one connection that are parsed and not yet answered; then the connection is not read."""

    tasks_max: int = 256
    """Requests that wait for a worker; then connections with a whole request wait, and all else goes on."""

    response_queue_bytes_max: int = 131072
    """Octets of answers that wait for one peer to read them; then its stream is not pulled and its requests not read."""

    read_bytes_max: int = 65536
    """One read from a socket: one connection must not keep the others waiting."""

    idle_seconds_max: float = 15.0
    """Between requests on a persistent connection: longer than a browser's pause, shorter than a leak."""

    head_seconds_max: float = 10.0
    """From the first octet of a head to its end; then 408."""

    content_seconds_max: float = 30.0
    """Without any progress while content is awaited; then 408."""

    send_seconds_max: float = 30.0
    """Without any progress while the peer does not read its answer; then the connection is cut."""

    linger_seconds_max: float = 2.0
    """Reading on after the last answer, so that a reset does not overtake it (RFC 9112, Section 9.6)."""

    linger_bytes_max: int = 4 * 1024 * 1024
    """Octets that are thrown away while lingering: a peer that sends more is not going to read the answer."""

    shutdown_seconds_max: float = 10.0
    """What is in flight at a graceful shutdown may take this long."""

    ranges_max: int = 32
    """Ranges in one request; more are ignored, Range with them (RFC 9110, Section 14.2): each part costs a head."""

    multipart_parts_max: int = 256
    """Parts of one form: each costs an object, whatever its size."""

    multipart_head_bytes_max: int = 8192
    """The header section of one part (RFC 7578, Section 4.8): a name and a file name."""

    multipart_field_bytes_max: int = 1024 * 1024
    """One part that is kept in memory, since it has no file name."""

    multipart_file_bytes_max: int = 4 * 1024 * 1024 * 1024
    """One part that goes to disk."""

    gzip_bytes_max: int = 1024 * 1024
    """Content that is compressed in memory for one answer; what is larger goes as it is."""

    gzip_bytes_min: int = 256
    """Content that is compressed at all: below, the coding's own octets cost more than they save."""

    file_piece_bytes_max: int = 262144
    """Octets of a file sent for one connection in one turn: a large download must not keep the others waiting."""

    file_turn_bytes_max: int = 2 * 1024 * 1024
    """Octets of files sent in one turn where few connections wait for any: they share it, for each turn costs some time."""

    stream_content_bytes_max: int = 8 * 1024 * 1024 * 1024
    """Content of one request that a handler takes piece by piece."""

    content_waiting_bytes_max: int = 262144
    """Octets of content that wait for a handler that takes them by pieces; then the connection is not read."""

    events_waiting_bytes_max: int = 262144
    """Octets of events that one client has not taken; a broadcast cuts a client that has more, a sender waits."""

    websocket_message_bytes_max: int = 1024 * 1024
    """One message of a WebSocket (RFC 6455, Section 10.4), decompressed: it is in memory before its handler sees it."""

    websocket_fragments_max: int = 1024
    """Frames of one message: an empty one costs seven octets of the peer's and a turn of ours."""

    websocket_waiting_bytes_max: int = 262144
    """Octets of messages that wait for the handler of one WebSocket; then it is not read from."""

    websocket_waiting_messages_max: int = 64
    """Messages that wait for the handler of one WebSocket, whatever their size."""

    websocket_send_bytes_max: int = 262144
    """Octets of messages that one client has not taken, the last one not counted; beyond it a broadcast cuts, a sender waits."""

    websocket_silence_seconds_max: float = 20.0
    """Without an octet from the client; then a Ping asks whether it is there, before a proxy forgets the connection."""

    websocket_pong_seconds_max: float = 20.0
    """From a Ping to any octet of an answer; then the client is taken for gone."""

    websocket_idle_seconds_max: float = 3600.0
    """Without a message, either way; then 1001. Pings keep a connection alive, but not one that nobody uses."""

    websocket_close_seconds_max: float = 5.0
    """For a Close to be answered, by the client, or by a handler that is still busy with what came before it."""
