"""RFC 9112, Sections 2, 4, 5, 6 and 7 as they bear on a response: one rule broken at a time."""

from __future__ import annotations

from typing import Any

from mutation import mutant

from merkhet_reference.http1 import response

RESPONSE = "merkhet_reference.http1.response"


def edited(original: Any, edit: Any) -> Any:
    """The head that the reference sends, with one edit."""
    return lambda *arguments, **named: edit(original(*arguments, **named))


@mutant(f"{RESPONSE}.encode_head", breaks="rfc9112-2.1-a1", must_kill={"rfc9112-2.1-responses-grammar"})
def no_empty_line(original: Any) -> Any:
    """Ends the header section without its empty line."""
    return edited(original, lambda head: head[:-2])


@mutant(f"{RESPONSE}.encode_head", breaks="rfc9112-2.1-a1", must_kill={"rfc9112-2.1-responses-grammar"})
def lines_end_in_lf(original: Any) -> Any:
    """Ends every line of a head in LF alone."""
    return edited(original, lambda head: head.replace(b"\r\n", b"\n"))


@mutant(f"{RESPONSE}.encode_head", breaks="rfc9112-2.2-3", must_kill={"rfc9112-2.2-responses-bare-cr"})
def bare_cr_in_a_value(original: Any) -> Any:
    """Sends a bare CR in a field value."""
    return edited(original, lambda head: head.replace(b"\r\n\r\n", b"\r\nX-Note: a\rb\r\n\r\n"))


@mutant(f"{RESPONSE}.encode_head", breaks="rfc9112-2.2-8", must_kill={"rfc9112-2.2-responses-space-first"})
def whitespace_before_the_first_field(original: Any) -> Any:
    """Begins the first field line with a space."""
    return edited(original, lambda head: head.replace(b"\r\n", b"\r\n ", 1))


@mutant(f"{RESPONSE}.encode_head", breaks="rfc9112-2.3-a1", must_kill={"rfc9112-2.3-responses-version"})
def version_in_lower_case(original: Any) -> Any:
    """Says http/1.1."""
    return edited(original, lambda head: head.replace(b"HTTP/", b"http/", 1))


@mutant(f"{RESPONSE}.encode_head", breaks="rfc9112-2.3-3", must_kill={"rfc9112-2.3-responses-downgrade"})
def always_http10(original: Any) -> Any:
    """Says HTTP/1.0 in every answer."""
    return edited(original, lambda head: head.replace(b"HTTP/1.1", b"HTTP/1.0", 1))


@mutant(f"{RESPONSE}.encode_head", breaks="rfc9112-4-a1", must_kill={"rfc9112-4-responses-status-line"})
def two_spaces_in_the_status_line(original: Any) -> Any:
    """Puts two spaces before the status code."""
    return edited(original, lambda head: head.replace(b" ", b"  ", 1))


@mutant(f"{RESPONSE}.REASONS", breaks="rfc9112-4-a1", must_kill={"rfc9112-4-responses-status-line"})
def control_octet_in_the_reason(original: Any) -> Any:
    """Sends a control octet in the reason phrase."""
    return {status: phrase + b"\x01" for status, phrase in original.items()}


@mutant(
    f"{RESPONSE}.REASONS", breaks="rfc9112-4-1", must_kill={"rfc9112-4-reason-plain", "rfc9112-4-reason-unknown-path"}
)
def no_reasons(original: Any) -> Any:
    """Sends no reason phrase, as a server may."""
    return dict[int, bytes]()


@mutant(f"{RESPONSE}.encode_head", breaks="rfc9112-4-4", must_kill={"rfc9112-4-responses-status-space"})
def no_space_behind_the_code(original: Any) -> Any:
    """Ends the status line right behind the code."""

    def edit(head: bytes) -> bytes:
        line, _, rest = head.partition(b"\r\n")
        return line[:12] + b"\r\n" + rest

    return edited(original, edit)


@mutant(f"{RESPONSE}.encode_head", breaks="rfc9112-5-a1", must_kill={"rfc9112-5-responses-field-line"})
def space_before_the_colon(original: Any) -> Any:
    """Puts a space between field name and colon."""
    return edited(original, lambda head: head.replace(b"Date:", b"Date :"))


@mutant(f"{RESPONSE}.encode_head", breaks="rfc9112-5-a1", must_kill={"rfc9112-5-responses-field-line"})
def name_that_is_no_token(original: Any) -> Any:
    """Sends a field name with a parenthesis in it."""
    return edited(original, lambda head: head.replace(b"\r\n\r\n", b"\r\nX(1): 1\r\n\r\n"))


@mutant(f"{RESPONSE}.encode_head", breaks="rfc9112-5.2-1", must_kill={"rfc9112-5.2-responses-fold"})
def folded_value(original: Any) -> Any:
    """Folds a field value over two lines."""
    return edited(original, lambda head: head.replace(b"\r\n\r\n", b"\r\nX-Note: a\r\n b\r\n\r\n"))


@mutant(f"{RESPONSE}.encode_head", breaks="rfc9112-6.1-2", must_kill={"rfc9112-6.1-responses-chunked-once"})
def chunked_named_twice(original: Any) -> Any:
    """Names chunked twice."""
    return edited(original, lambda head: head.replace(b"coding: chunked", b"coding: chunked, chunked"))


@mutant(f"{RESPONSE}.encode_chunk", breaks="rfc9112-6.1-2", must_kill={"rfc9112-6.1-stream-chunked-once"})
def chunked_applied_twice(original: Any) -> Any:
    """Applies chunked to what is chunked already."""
    return lambda data: original(original(data))


@mutant(
    f"{RESPONSE}.encode_head",
    breaks="rfc9112-6.1-4",
    must_kill={"rfc9112-6.1-responses-chunked-last", "rfc9112-6.1-stream-other-coding"},
)
def coding_behind_chunked(original: Any) -> Any:
    """Names a coding behind chunked, and keeps the connection."""
    return edited(original, lambda head: head.replace(b"coding: chunked", b"coding: chunked, gzip"))


@mutant(
    f"{RESPONSE}.encode_head",
    breaks="rfc9112-7.4-a1",
    must_kill={"rfc9112-7.4-responses-unasked-coding", "rfc9112-7.4-only-chunked-plain"},
)
def coding_nobody_asked_for(original: Any) -> Any:
    """Names a coding that the client did not say it takes."""
    return edited(original, lambda head: head.replace(b"coding: chunked", b"coding: gzip, chunked"))


@mutant(f"{RESPONSE}.encode_head", breaks="rfc9112-6.2-1", must_kill={"rfc9112-6.2-responses-both-lengths"})
def both_lengths_sent(original: Any) -> Any:
    """Sends Content-Length beside Transfer-Encoding."""
    return edited(original, lambda head: head.replace(b"coding: chunked", b"coding: chunked\r\nContent-Length: 5"))


@mutant(
    f"{RESPONSE}.body_framing",
    breaks="rfc9112-6.1-7",
    must_kill={"rfc9112-6.1-no-coding-204", "rfc9112-6.1-no-coding-204-head"},
)
def chunked_204(original: Any) -> Any:
    """Sends Transfer-Encoding in a 204."""

    def body_framing(method: bytes, version: Any, status: int, length: int | None) -> Any:
        return response.Body.CHUNKED if status == 204 else original(method, version, status, length)

    return body_framing


@mutant(f"{RESPONSE}.encode_interim", breaks="rfc9112-6.1-7", must_kill={"rfc9112-6.1-responses-1xx-204"})
def coding_in_1xx(original: Any) -> Any:
    """Sends Transfer-Encoding in an interim response."""

    def encode_interim(status: int, fields: Any = ()) -> bytes:
        return original(status, [*fields, (b"Transfer-Encoding", b"chunked")])

    return encode_interim


@mutant(
    f"{RESPONSE}.body_framing",
    breaks="rfc9112-6.1-11",
    must_kill={"rfc9112-6.1-http-1.0-uncoded-stream-head", "rfc9112-6.1-responses-http-1.0"},
)
def chunked_to_http10(original: Any) -> Any:
    """Sends chunked content to an HTTP/1.0 client."""
    return lambda method, version, status, length: original(method, (1, 1), status, length)


@mutant(
    f"{RESPONSE}.body_framing",
    breaks="rfc9112-6.3-9",
    must_kill={"rfc9112-6.3-responses-self-delimited", "rfc9112-6.3-delimited-stream"},
)
def delimited_by_close(original: Any) -> Any:
    """Delimits content of unknown length by the end of the connection, though chunked would do."""
    return lambda method, version, status, length: original(method, (1, 0), status, length)


@mutant(
    f"{RESPONSE}.body_framing",
    breaks="rfc9112-6.3-9",
    must_kill={"rfc9112-6.3-delimited-root", "rfc9112-6.3-delimited-unknown-path"},
)
def everything_delimited_by_close(original: Any) -> Any:
    """Delimits all content by the end of the connection."""

    def body_framing(method: bytes, version: Any, status: int, length: int | None) -> Any:
        framed = original(method, version, status, length)
        return framed if framed is response.Body.NOTHING else response.Body.UNTIL_CLOSE

    return body_framing


@mutant(
    f"{RESPONSE}.sends_content",
    breaks="rfc9112-6.3-a1",
    must_kill={"rfc9112-6.3-bodiless-head", "rfc9112-6.3-bodiless-head-error"},
)
def content_behind_head(original: Any) -> Any:
    """Sends the content of GET in answer to HEAD."""
    return lambda method, status: original(b"GET", status)


@mutant(
    "merkhet_reference.contract.status",
    breaks="rfc9112-6.3-a1",
    must_kill={"rfc9112-6.3-bodiless-204", "rfc9112-6.3-bodiless-204-to-head"},
)
def octets_behind_304(original: Any) -> Any:
    """Sends octets behind a 304."""

    def status(request: Any) -> None:
        if request.path_params["code"] in {"304", "204"}:
            code = int(request.path_params["code"])
            head, keeps = request._begin(code, (), response.Body.NOTHING, None)
            request._sink.put_answer(code, head + b"behind", keeps=keeps)
        else:
            original(request)

    return status


@mutant(
    f"{RESPONSE}.encode_chunk",
    breaks="rfc9112-7.1-a4",
    must_kill={"rfc9112-7.1-responses-chunked-grammar", "rfc9112-7.1-stream-content"},
)
def wrong_chunk_sizes(original: Any) -> Any:
    """Says one octet more than a chunk has."""
    return lambda data: b"%x\r\n%s\r\n" % (len(data) + 1, data)


@mutant(
    f"{RESPONSE}.encode_chunk",
    breaks="rfc9112-7.1-a4",
    must_kill={"rfc9112-7.1-responses-chunked-grammar", "rfc9112-7.1-stream-content"},
)
def chunk_sizes_with_a_prefix(original: Any) -> Any:
    """Writes a chunk size with 0x before it."""
    return lambda data: b"0x%x\r\n%s\r\n" % (len(data), data)


@mutant(
    f"{RESPONSE}.encode_chunk",
    breaks="rfc9112-7.1-a4",
    must_kill={"rfc9112-7.1-responses-chunked-grammar", "rfc9112-7.1-stream-content"},
)
def chunk_data_without_crlf(original: Any) -> Any:
    """Sends no CRLF behind chunk-data."""
    return lambda data: b"%x\r\n%s" % (len(data), data)


@mutant(f"{RESPONSE}.encode_last_chunk", breaks="rfc9112-7.1-a4", must_kill={"rfc9112-7.1-stream-content"})
def no_final_crlf(original: Any) -> Any:
    """Leaves out the CRLF behind the last chunk."""
    return lambda trailers=(): b"0\r\n"


@mutant(f"{RESPONSE}.encode_last_chunk", breaks="rfc9112-7.1-a4", must_kill={"rfc9112-7.1-stream-content"})
def no_last_chunk(original: Any) -> Any:
    """Never sends the last chunk, and keeps the connection."""
    return lambda trailers=(): b""


@mutant(f"{RESPONSE}.connection_option", breaks="rfc9112-9.6-1", must_kill={"rfc9112-9.6-responses-end-announced"})
def never_says_close(original: Any) -> Any:
    """Closes without having said so."""
    return lambda version, *, persists, asked_keep_alive: None


@mutant(
    f"{RESPONSE}.connection_option",
    breaks="rfc9112-9.3-a3",
    must_kill={"rfc9112-9.3-http-1.0-keep-alive-lower-case", "rfc9112-9.3-http-1.0-keep-alive-in-list"},
)
def keep_alive_unsaid(original: Any) -> Any:
    """Keeps an HTTP/1.0 connection without saying keep-alive."""

    def connection_option(version: Any, *, persists: bool, asked_keep_alive: bool) -> bytes | None:
        return original(version, persists=persists, asked_keep_alive=False)

    return connection_option


@mutant(
    f"{RESPONSE}.connection_option",
    breaks="rfc9112-9.6-6",
    must_kill={"rfc9112-9.3-http-1.0-keep-alive-lower-case", "rfc9112-9.3-http-1.0-keep-alive-in-list"},
)
def says_close_to_http10_and_stays(original: Any) -> Any:
    """Says close to an HTTP/1.0 client that asked for keep-alive, and keeps the connection."""

    def connection_option(version: Any, *, persists: bool, asked_keep_alive: bool) -> bytes | None:
        if version < (1, 1):
            return b"close"
        return original(version, persists=persists, asked_keep_alive=asked_keep_alive)

    return connection_option


@mutant(f"{RESPONSE}.encode_head", breaks="rfc9112-4-4", must_kill={"rfc9112-4-responses-status-space"})
def no_space_without_a_reason(original: Any) -> Any:
    """Ends the status line right behind a code that it has no reason phrase for."""
    return edited(original, lambda head: head.replace(b" \r\n", b"\r\n", 1))


@mutant(f"{RESPONSE}.encode_interim", breaks="rfc9112-6.3-a1", must_kill={"rfc9112-6.3-responses-no-content"})
def content_behind_1xx(original: Any) -> Any:
    """Sends octets behind an interim response."""
    return edited(original, lambda head: head + b"wait")
