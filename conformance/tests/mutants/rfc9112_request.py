"""RFC 9112, Sections 2, 3 and 5: the head of a request, one rule broken at a time."""

from __future__ import annotations

from typing import Any

from mutation import mutant

from merkhet_reference import abnf, errors
from merkhet_reference.fields import Fields
from merkhet_reference.http1 import request
from merkhet_reference.http1.events import Form, Target

REQUEST = "merkhet_reference.http1.request"
CONNECTION = "merkhet_reference.http1.connection"


@mutant(
    f"{REQUEST}.REQUEST_LINE",
    breaks="rfc9112-3-1",
    must_kill={"rfc9112-3-whitespace-form-feeds", "rfc9112-3-whitespace-tabs"},
)
def request_line_split_on_whitespace(original: Any) -> Any:
    """Splits the request line on any run of spaces and tabs."""
    return abnf.whole(rb"(" + abnf.TOKEN + rb")[ \t\x0b\x0c]+([^ \t]+)[ \t\x0b\x0c]+HTTP/([0-9])\.([0-9])[ \t]*")


@mutant(
    f"{REQUEST}.REQUEST_LINE",
    breaks="rfc9112-2.3-a2",
    must_kill={"rfc9112-2.3-version-lower-case", "rfc9112-2.3-version-mixed-case"},
)
def version_without_case(original: Any) -> Any:
    """Takes http/1.1 for HTTP/1.1."""
    return abnf.whole(rb"(" + abnf.TOKEN + rb") ([^ ]+) [Hh][Tt][Tt][Pp]/([0-9])\.([0-9])")


@mutant(
    f"{REQUEST}.REQUEST_LINE",
    breaks="rfc9112-2.3-a2",
    must_kill={"rfc9112-2.3-version-leading-zero", "rfc9112-2.3-version-minor-long"},
)
def version_by_prefix(original: Any) -> Any:
    """Reads a version up to its first wrong octet: HTTP/1.10, HTTP/1.1x."""
    return abnf.whole(rb"(" + abnf.TOKEN + rb") ([^ ]+) HTTP/0*([0-9])\.([0-9])[^ ]*")


@mutant(
    f"{REQUEST}.REQUEST_LINE",
    breaks="rfc9112-2.2-10",
    must_kill={"rfc9112-2.2-no-request-byte-order-mark", "rfc9112-2.2-no-request-method-above-ascii"},
)
def any_method_octets(original: Any) -> Any:
    """Takes any octets for a method."""
    return abnf.whole(rb"([^ ]+) ([^ ]+) HTTP/([0-9])\.([0-9])")


@mutant(
    f"{REQUEST}.supported_version",
    breaks="rfc9112-2.3-a2",
    must_kill={"rfc9112-2.3-version-higher-major-2", "rfc9112-2.3-version-higher-major-3"},
)
def any_major_version(original: Any) -> Any:
    """Serves HTTP/2.0 and HTTP/9.9 as if they were HTTP/1.1."""
    return lambda major, minor: (1, 1)


@mutant(
    f"{REQUEST}.check_method_length", breaks="rfc9112-3-2", must_kill={"rfc9112-3-method-512", "rfc9112-3-method-64"}
)
def long_method_is_400(original: Any) -> Any:
    """Answers a method longer than any known one with 400."""

    def check_method_length(method: bytes, limits: Any) -> None:
        if len(method) > limits.method_bytes_max:
            raise errors.bad_request("no")

    return check_method_length


@mutant(f"{REQUEST}.line_too_long", breaks="rfc9112-3-3", must_kill={"rfc9112-3-target-1024k", "rfc9112-3-target-16k"})
def long_target_is_400(original: Any) -> Any:
    """Answers a target that is too long with 400."""
    return lambda line, limits: errors.bad_request("no")


@mutant(f"{REQUEST}.line_too_long", breaks="rfc9112-3-3", must_kill={"rfc9112-3-target-1024k", "rfc9112-3-target-16k"})
def long_target_is_500(original: Any) -> Any:
    """Answers a target that is too long with 500."""
    return lambda line, limits: errors.Refusal(500, "no")


@mutant(
    f"{REQUEST}.usual_head",
    breaks="rfc9112-3-4",
    must_kill={"rfc9112-3-line-8000-get", "rfc9112-3-line-8000-head"},
)
def short_lines_only(original: Any) -> Any:
    """Refuses a request line of more than 4000 octets."""

    def usual_head(match: Any, limits: Any) -> Any:
        if len(match[2]) > 4000:
            raise errors.uri_too_long("no")
        return original(match, limits)

    return usual_head


@mutant(
    f"{REQUEST}.parse_origin_form",
    breaks="rfc9112-3.2-a1",
    must_kill={"rfc9112-3.2-fragment-empty", "rfc9112-3.2-fragment-path"},
)
def fragment_dropped(original: Any) -> Any:
    """Drops a fragment and serves what stands before it."""
    return lambda target: original(target.partition(b"#")[0])


@mutant(
    f"{REQUEST}.parse_origin_form",
    breaks="rfc9112-3.2-2",
    must_kill={"rfc9112-2.2-bare-cr-target", "rfc9112-3.2-target-backquote"},
)
def target_corrected(original: Any) -> Any:
    """Serves a target whose octets no URI has, as if they had been encoded."""

    def parse_origin_form(target: bytes) -> Target:
        path, _, query = target.partition(b"?")
        return Target(Form.ORIGIN, target, path, query or None)

    return parse_origin_form


@mutant(
    f"{REQUEST}.parse_absolute_form",
    breaks="rfc9112-3.2.2-6",
    must_kill={"rfc9112-3.2.2-absolute-empty-path", "rfc9112-3.2.2-absolute-echo"},
)
def absolute_form_refused(original: Any) -> Any:
    """Refuses absolute-form."""

    def parse_absolute_form(target: bytes) -> Target:
        raise errors.bad_request("no")

    return parse_absolute_form


@mutant(
    f"{REQUEST}.parse_absolute_form",
    breaks="rfc9112-3.2.2-6",
    must_kill={"rfc9112-3.2.2-absolute-echo", "rfc9112-3.2.2-absolute-http10"},
)
def absolute_form_as_a_path(original: Any) -> Any:
    """Looks the whole URI up as if it were a path: 404."""
    return lambda target: Target(Form.ORIGIN, target, b"/" + target)


@mutant(
    f"{REQUEST}.parse_absolute_form",
    breaks="rfc9112-3.2.1-a1",
    must_kill={"rfc9112-3.2.1-relative-dot", "rfc9112-3.2.1-relative-dots"},
)
def relative_target_served(original: Any) -> Any:
    """Puts a slash before a target that has none."""

    def parse_absolute_form(target: bytes) -> Target:
        if b"://" in target:
            return original(target)
        return Target(Form.ORIGIN, target, b"/")

    return parse_absolute_form


@mutant(f"{REQUEST}.parse_absolute_form", breaks="rfc9112-3.2.2-5", must_kill={"rfc9112-3.2.2-other-authority"})
def foreign_authority_refused(original: Any) -> Any:
    """Refuses an absolute-form target whose authority is not a loopback address."""

    def parse_absolute_form(target: bytes) -> Target:
        parsed = original(target)
        if not parsed.authority.startswith((b"127.", b"localhost", b"[::1]")):
            raise errors.bad_request("no")
        return parsed

    return parse_absolute_form


@mutant(
    f"{REQUEST}.parse_asterisk_form",
    breaks="rfc9112-3.2.4-a1",
    must_kill={"rfc9112-3.2.4-asterisk-form-get", "rfc9112-3.2.4-asterisk-form-head"},
)
def asterisk_for_every_method(original: Any) -> Any:
    """Serves GET * as a GET of the root."""

    def parse_asterisk_form(method: bytes) -> Target:
        if method == b"OPTIONS":
            return original(method)
        return Target(Form.ORIGIN, b"*", b"/")

    return parse_asterisk_form


@mutant(
    f"{REQUEST}.parse_asterisk_form",
    breaks="rfc9112-3.2.4-a2",
    must_kill={"rfc9112-3.2.4-options-server-wide", "rfc9112-3.2.4-options-server-wide-http10"},
)
def asterisk_for_no_method(original: Any) -> Any:
    """Refuses OPTIONS *."""

    def parse_asterisk_form(method: bytes) -> Target:
        raise errors.bad_request("no")

    return parse_asterisk_form


@mutant(
    f"{REQUEST}.FIELD_LINE",
    breaks="rfc9112-5.1-1",
    must_kill={"rfc9112-5.1-before-colon-host", "rfc9112-5.1-before-colon-host-tab"},
)
def whitespace_before_colon(original: Any) -> Any:
    """Reads past whitespace between a field name and its colon."""
    return abnf.whole(rb"(" + abnf.TOKEN + rb")[ \t]*:(" + abnf.FIELD_VALUE + rb")")


@mutant(f"{REQUEST}.FIELD_LINE", breaks="rfc9112-5-a2", must_kill={"rfc9112-5-name-at", "rfc9112-5-name-backslash"})
def any_field_name(original: Any) -> Any:
    """Takes any octets before the colon for a name, none included."""
    return abnf.whole(rb"([^:]*):(" + abnf.FIELD_VALUE + rb")")


@mutant(
    f"{REQUEST}.FIELD_LINE",
    breaks="rfc9112-2.2-4",
    must_kill={"rfc9112-2.2-bare-cr-value-middle", "rfc9112-2.2-bare-cr-value-space-behind"},
)
def any_field_value(original: Any) -> Any:
    """Takes any octets for a value, CR and NUL included."""
    return abnf.whole(rb"(" + abnf.TOKEN + rb"):([^\n]*)")


@mutant(
    f"{REQUEST}.usual_field_lines",
    breaks="rfc9112-2.2-1",
    must_kill={"rfc9112-2.2-octets-line-separator-echo", "rfc9112-2.2-octets-line-separator-hides-coding"},
)
def ascii_values_only(original: Any) -> Any:
    """Refuses octets beyond ASCII in a value."""

    def usual_field_lines(block: bytes) -> Any:
        if not block.isascii():
            raise errors.bad_request("no")
        return original(block)

    return usual_field_lines


@mutant(
    f"{REQUEST}.usual_field_lines",
    breaks="rfc9112-2.2-1",
    must_kill={"rfc9112-2.2-octets-above-ascii-value", "rfc9112-2.2-octets-next-line-echo"},
)
def values_are_text(original: Any) -> Any:
    """Decodes each line as UTF-8 and refuses what is none."""

    def usual_field_lines(block: bytes) -> Any:
        try:
            block.decode("utf-8")
        except UnicodeDecodeError:
            raise errors.bad_request("no") from None
        return original(block)

    return usual_field_lines


@mutant(
    f"{REQUEST}.parse_head",
    breaks="rfc9112-2.2-1",
    must_kill={"rfc9112-2.2-octets-overlong-crlf-echo", "rfc9112-2.2-octets-overlong-crlf-hides-coding"},
)
def lines_of_text(original: Any) -> Any:
    """Splits the head at what a text library takes for line ends, C0 8A read as one of them."""

    def parse_head(head: bytes, limits: Any) -> Any:
        return original(head.replace(b"\xc0\x8a", b"\r\n"), limits)

    return parse_head


@mutant(f"{REQUEST}.parse_head", breaks="rfc9112-2.2-2", must_kill={"rfc9112-2.2-lf-request-line"})
def lone_lf_is_a_line_end(original: Any) -> Any:
    """Reads a lone LF inside a head as the end of a line."""

    def parse_head(head: bytes, limits: Any) -> Any:
        return original(head.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), limits)

    return parse_head


@mutant(
    f"{REQUEST}.parse_head",
    breaks="rfc9112-2.2-4",
    must_kill={"rfc9112-2.2-bare-cr-value-field-at-once", "rfc9112-2.2-bare-cr-value-field-behind"},
)
def bare_cr_is_a_line_end(original: Any) -> Any:
    """Reads a bare CR as the end of a line."""

    def parse_head(head: bytes, limits: Any) -> Any:
        lines = head.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return original(lines.replace(b"\n", b"\r\n"), limits)

    return parse_head


def unfolded(lines: list[bytes], join: Any) -> list[bytes]:
    out: list[bytes] = []
    for line in lines:
        if line.startswith((b" ", b"\t")) and out:
            out[-1] = join(out[-1], line)
        else:
            out.append(line)
    return out


@mutant(
    f"{REQUEST}.parse_field_lines",
    breaks="rfc9112-5.2-2",
    must_kill={"rfc9112-5.2-fold-blank-echo", "rfc9112-5.2-fold-blank-inside-echo"},
)
def folds_keep_the_last_part(original: Any) -> Any:
    """Keeps only the last line of a folded value."""

    def join(first: bytes, fold: bytes) -> bytes:
        return first.partition(b":")[0] + b":" + fold

    return lambda lines, limits: original(unfolded(lines, join), limits)


@mutant(
    f"{REQUEST}.parse_field_lines",
    breaks="rfc9112-5.2-2",
    must_kill={"rfc9112-5.2-fold-value-below-echo", "rfc9112-5.2-fold-blank-inside-echo"},
)
def folds_are_dropped(original: Any) -> Any:
    """Drops the folded part of a value."""
    return lambda lines, limits: original(unfolded(lines, lambda first, fold: first), limits)


@mutant(f"{REQUEST}.parse_field_lines", breaks="rfc9112-5.2-2", must_kill={"rfc9112-5.2-fold-field-like-echo"})
def folds_become_fields(original: Any) -> Any:
    """Takes each line, folded or not, for a field of its own."""
    return lambda lines, limits: original([line.strip(b" \t") for line in lines], limits)


@mutant(
    f"{REQUEST}.parse_field_lines",
    breaks="rfc9112-2.2-10",
    must_kill={"rfc9112-7.1.2-trailer-no-colon", "rfc9112-7.1.2-trailer-name-octet"},
)
def bad_lines_are_skipped(original: Any) -> Any:
    """Drops a line that is no field line, and serves the rest."""

    def parse_field_lines(lines: list[bytes], limits: Any) -> Fields:
        return original([line for line in lines if request.FIELD_LINE.match(line)], limits)

    return parse_field_lines


@mutant(
    f"{REQUEST}.malformed_field_line",
    breaks="rfc9112-5.1-1",
    must_kill={"rfc9112-5.1-before-colon-host", "rfc9112-5.1-before-colon-host-tab"},
)
def bad_lines_are_431(original: Any) -> Any:
    """Answers a line that is no field line with 431."""
    return lambda line: errors.fields_too_large("no")


@mutant(
    f"{REQUEST}.malformed_request_line",
    breaks="rfc9112-3.2-1",
    must_kill={"rfc9112-3.2-target-space-nul", "rfc9112-3.2-target-space"},
)
def bad_request_line_is_404(original: Any) -> Any:
    """Answers a line that is no request line with 404."""
    return lambda line: errors.Refusal(404, "no")


@mutant(
    f"{REQUEST}.check_host",
    breaks="rfc9112-3.2-6a",
    must_kill={"rfc9112-3.2-host-missing", "rfc9112-3.2-host-missing-absolute-form"},
)
def host_may_be_missing(original: Any) -> Any:
    """Serves an HTTP/1.1 request without a Host field."""

    def check_host(fields: Fields, version: Any) -> None:
        if b"Host" in fields:
            original(fields, version)

    return check_host


@mutant(
    f"{REQUEST}.check_host",
    breaks="rfc9112-3.2-6b",
    must_kill={"rfc9112-3.2-host-twice-absolute-form", "rfc9112-3.2-host-twice-different"},
)
def host_may_be_repeated(original: Any) -> Any:
    """Serves a request with several Host field lines."""

    def check_host(fields: Fields, version: Any) -> None:
        if len(fields.get_all(b"Host")) < 2:
            original(fields, version)

    return check_host


@mutant(
    f"{REQUEST}.check_host",
    breaks="rfc9112-3.2-6b",
    must_kill={"rfc9112-3.2-host-three-times", "rfc9112-3.2-host-twice-apart"},
)
def host_may_be_repeated_if_equal(original: Any) -> Any:
    """Serves a request with several Host field lines if all say the same."""

    def check_host(fields: Fields, version: Any) -> None:
        if len(fields.get_all(b"Host")) < 2 or len(set(fields.get_all(b"Host"))) > 1:
            original(fields, version)

    return check_host


@mutant(f"{REQUEST}.check_host", breaks="rfc9112-3.2-6b", must_kill={"rfc9112-3.2-host-twice-http10"})
def host_of_http10_unchecked(original: Any) -> Any:
    """Does not look at the Host fields of an HTTP/1.0 request."""

    def check_host(fields: Fields, version: Any) -> None:
        if version >= (1, 1):
            original(fields, version)

    return check_host


@mutant(
    f"{REQUEST}.HOST",
    breaks="rfc9112-3.2-6c",
    must_kill={"rfc9112-3.2-host-invalid-path", "rfc9112-3.2-host-invalid-port-space"},
)
def host_of_any_octets(original: Any) -> Any:
    """Takes anything for a Host value."""
    return abnf.whole(rb".*")


@mutant(f"{REQUEST}.HOST", breaks="rfc9112-3.3-1", must_kill={"rfc9112-3.3-host-empty", "rfc9112-3.3-host-empty-space"})
def host_may_not_be_empty(original: Any) -> Any:
    """Refuses an empty Host value."""
    return abnf.whole(rb"[^ /@]+")


@mutant(
    f"{CONNECTION}.Connection._skip_empty_lines",
    breaks="rfc9112-2.2-7",
    must_kill={"rfc9112-2.2-empty-line-first", "rfc9112-2.2-empty-line-first-apart"},
)
def no_empty_line_before_a_request(original: Any) -> Any:
    """Refuses a request with an empty line before it."""
    return lambda self: None


@mutant(
    f"{REQUEST}.check_host",
    breaks="rfc9112-3.2-6a",
    must_kill={"rfc9112-3.2-host-missing", "rfc9112-3.2-host-missing-absolute-form"},
)
def host_refused_with_403(original: Any) -> Any:
    """Refuses a missing, repeated or invalid Host with 403 in place of 400."""

    def check_host(fields: Fields, version: Any) -> None:
        try:
            original(fields, version)
        except errors.Refusal:
            raise errors.Refusal(403, "no") from None

    return check_host


@mutant(
    f"{CONNECTION}.check_head",
    breaks="rfc9112-3-4",
    must_kill={"rfc9112-3-line-8000-get", "rfc9112-3-line-8000-head"},
)
def small_heads_only(original: Any) -> Any:
    """Refuses a head of more than 6000 octets."""

    def check_head(head: bytes, limits: Any) -> None:
        original(head, limits)
        if len(head) > 6000:
            raise errors.fields_too_large("no")

    return check_head


@mutant(f"{REQUEST}.parse_request_line", breaks="rfc9112-3.2-2", must_kill={"rfc9112-3.2-no-autocorrection-space"})
def spaces_in_the_target_encoded(original: Any) -> Any:
    """Takes everything between method and version for the target, its spaces encoded."""

    def parse_request_line(line: bytes, limits: Any) -> Any:
        method, _, rest = line.partition(b" ")
        target, space, version = rest.rpartition(b" ")
        return original(method + b" " + target.replace(b" ", b"%20") + space + version, limits)

    return parse_request_line


@mutant(
    f"{REQUEST}.supported_version",
    breaks="rfc9112-2.3-a2",
    must_kill={"rfc9112-2.3-version-higher-minor-2", "rfc9112-2.3-version-higher-minor-9"},
)
def minor_version_refused(original: Any) -> Any:
    """Refuses HTTP/1.2, though a higher minor version is to be read as the highest that is known."""

    def supported_version(major: int, minor: int) -> Any:
        if (major, minor) not in {(1, 0), (1, 1)}:
            raise errors.version_not_supported("no")
        return (major, minor)

    return supported_version


@mutant(f"{REQUEST}.usual_field_lines", breaks="rfc9112-6.3-a3", must_kill={"rfc9112-6.3-no-length-underscore-length"})
def underscore_is_a_dash(original: Any) -> Any:
    """Takes Content_Length for Content-Length, as a CGI variable has it."""
    return lambda block: [(name.replace(b"_", b"-"), value) for name, value in original(block)]


@mutant(f"{REQUEST}.HOST", breaks="rfc9112-3.3-1", must_kill={"rfc9112-3.3-host-comma", "rfc9112-3.3-host-empty-port"})
def host_of_letters_and_digits(original: Any) -> Any:
    """Refuses a Host that is a registered name with a comma, has an empty port, or is an IPv6 address."""
    return abnf.whole(rb"(?:[A-Za-z0-9.\-]+(?::[0-9]+)?)?")


@mutant(
    f"{REQUEST}.check_host", breaks="rfc9112-3.3-1", must_kill={"rfc9112-3.3-host-unknown", "rfc9112-3.3-host-comma"}
)
def unknown_hosts_refused(original: Any) -> Any:
    """Refuses a Host that is no loopback address, as a server that knows its names may."""

    def check_host(fields: Fields, version: Any) -> None:
        original(fields, version)
        host = fields.get(b"Host")
        if host and not host.startswith((b"127.", b"localhost", b"[::1]")):
            raise errors.Refusal(421, "no")

    return check_host
