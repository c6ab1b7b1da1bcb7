"""RFC 7578, Sections 4.2 to 4.8: the header section of one part of a form, and the parameters in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from merkhet_reference import abnf
from merkhet_reference.fields import FieldLine, Fields

MEDIA_TYPE = abnf.whole(rb"(" + abnf.TOKEN + rb"/" + abnf.TOKEN + rb")(" + abnf.PARAMETERS + rb")")
DISPOSITION = abnf.whole(rb"(" + abnf.TOKEN + rb")(" + abnf.PARAMETERS + rb")")
"""RFC 2183, Section 2, with the parameters of RFC 9110, Section 5.6.6: who sends a form over HTTP writes these."""

PARAMETER = re.compile(
    abnf.OWS + rb";" + abnf.OWS + rb"(?:(" + abnf.TOKEN + rb")=(" + abnf.TOKEN + rb"|" + abnf.QUOTED_STRING + rb"))?"
)
"""One of the parameters that the patterns above have found legal, so that each match begins where the last one ended."""

FIELD_LINE = abnf.whole(rb"([\x21-\x39\x3b-\x7e]++):(" + abnf.FIELD_VALUE + rb")")
"""RFC 5322, Section 2.2: a name is any printable ASCII but the colon. The value is stripped afterwards."""

FOLD = re.compile(rb"\r\n(?=[ \t])")
"""RFC 5322, Section 2.2.3: taken out, a folded line is one again. MIME has folding, though HTTP gave it up."""

QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)

NAME_ESCAPE = re.compile(rb'\\(["\\])|%22|%0D|%0A')
NAME_ESCAPES = {b"%22": b'"', b"%0D": b"\r", b"%0A": b"\n"}
"""How senders write a quote, CR and LF in a name. Browsers: these three escapes, and everything else as it is (HTML,
"Multipart form data"). # Choice: a backslash escapes a quote or a backslash alone; before anything else it stands for
itself, since browsers do not escape it, and the name of a directory of Windows would lose it."""

IDENTITY_ENCODINGS = frozenset((b"7bit", b"8bit", b"binary"))


class FormError(ValueError):
    """The content is no form, or not a whole one: for a 400. `why` never repeats the peer's octets."""

    status = 400

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class FormTooLargeError(FormError):
    """Something in the form is over its limit: for a 413."""

    status = 413


@dataclass(frozen=True, slots=True)
class PartBegin:
    """The header section of a part. `name` and `filename` are as the client says: no path, no key without a check.

    `filename` is None where there is none (the part is a field), "" where a browser sends the file input that nobody has
    filled in. `content_type` is None where there is none, which means text/plain (RFC 7578, Section 4.4).
    """

    name: str
    filename: str | None
    content_type: bytes | None
    fields: Fields


def parameters(octets: bytes) -> dict[bytes, bytes]:
    """Return the parameters of what a pattern above has matched: names in lower case, values as on the wire.

    Raises FormError where a name comes twice: one reader takes the first, another the last.
    """
    found: dict[bytes, bytes] = {}
    for match in PARAMETER.finditer(octets):
        if match[1] is None:
            continue
        name = match[1].lower()  # [rfc9110-5.6.6-a1]
        if name in found:
            raise FormError("a parameter is given twice")
        found[name] = match[2]
    return found


def unquoted(value: bytes) -> bytes:
    """Return what a token or a quoted-string means (RFC 9110, Section 5.6.4)."""
    return QUOTED_PAIR.sub(rb"\1", value[1:-1]) if value.startswith(b'"') else value  # [rfc9110-5.6.4-1]


def parse_part_head(head: bytes) -> PartBegin:
    """Return what a header section says, given without its empty line. Raises FormError."""
    fields = Fields([parse_part_line(line) for line in FOLD.sub(b"", head).split(b"\r\n")])
    disposition = only_value(fields, b"Content-Disposition")
    if disposition is None:
        raise FormError("a part has no Content-Disposition")
    name, filename = parse_disposition(disposition)
    content_type = only_value(fields, b"Content-Type")  # [rfc7578-4.8-1]
    encoding = only_value(fields, b"Content-Transfer-Encoding")
    # Choice: content that is encoded is refused, for whoever took it as it is would keep it wrong; Section 4.7 knows of
    # nobody who sends it. All other fields are ignored, Content-Length with them (Section 4.8).
    if encoding is not None and encoding.lower() not in IDENTITY_ENCODINGS:
        raise FormError("the content of a part is encoded, which is not known here")  # [rfc7578-4.7-a1]
    return PartBegin(name, filename, content_type, fields)


def parse_part_line(line: bytes) -> FieldLine:
    """Return name and value of one field line, unfolded. Raises FormError."""
    match = FIELD_LINE.match(line)
    if match is None:
        raise FormError("a line in the head of a part is not name, colon, value")
    return match[1], match[2].strip(b" \t")


def only_value(fields: Fields, name: bytes) -> bytes | None:
    """Return the value of a field that a part has once at most; None without it. Raises FormError."""
    values = fields.get_all(name)
    if len(values) > 1:
        raise FormError("a part says the same twice")
    return values[0] if values else None


def parse_disposition(value: bytes) -> tuple[str, str | None]:
    """Return name and filename (RFC 7578, Section 4.2). Raises FormError.

    `filename*` may not be sent, so it is one more parameter that nobody here knows. # Choice: a name that is not UTF-8 is
    refused, since it is looked up; of a file name, which is shown, the wrong octets are replaced.
    """
    match = DISPOSITION.match(value)
    if match is None or match[1].lower() != b"form-data":
        raise FormError("the Content-Disposition of a part is not form-data with parameters")
    found = parameters(match[2])
    if b"name" not in found:
        raise FormError("a part has no name")  # [rfc7578-4.2-a2]
    try:
        name = form_name(found[b"name"]).decode()  # [rfc7578-4.2-a4]
    except UnicodeDecodeError:
        raise FormError("the name of a part is not UTF-8") from None
    filename = found.get(b"filename")  # [rfc7578-4.2-5]
    return name, None if filename is None else form_name(filename).decode(errors="replace")


def form_name(value: bytes) -> bytes:
    """Return the octets that a name parameter stands for, with what browsers escape in it."""
    if not value.startswith(b'"'):
        return value
    return NAME_ESCAPE.sub(lambda match: match[1] or NAME_ESCAPES[match[0]], value[1:-1])  # [rfc7578-4.2-a3]
