"""RFC 9112, Section 2: Message."""

from __future__ import annotations

from merkhet.model import Level, Requirement, Weight

REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement(
        id="rfc9112-2.1-a1",
        document="rfc9112",
        section="2.1",
        level=Level.MUST,
        basis="abnf",
        role="sender",
        text=(
            "Every response is start-line CRLF, zero or more field lines each ending CRLF, an empty CRLF line, "
            "then the optional body."
        ),
    ),
    Requirement(
        id="rfc9112-2.2-1",
        document="rfc9112",
        section="2.2",
        level=Level.MUST,
        basis="bcp14",
        role="recipient",
        text="Request messages are parsed as octets in a US-ASCII superset, never as decoded Unicode text.",
    ),
    Requirement(
        id="rfc9112-2.2-2",
        document="rfc9112",
        section="2.2",
        level=Level.MAY,
        basis="bcp14",
        role="recipient",
        text="A lone LF may be accepted as a start-line or field line terminator, ignoring a preceding CR.",
        on_violation=Weight.NOTE,
    ),
    Requirement(
        id="rfc9112-2.2-3",
        document="rfc9112",
        section="2.2",
        level=Level.MUST_NOT,
        basis="bcp14",
        role="sender",
        text="Responses never contain a CR not followed by LF outside the content.",
    ),
    Requirement(
        id="rfc9112-2.2-4",
        document="rfc9112",
        section="2.2",
        level=Level.MUST,
        basis="bcp14",
        role="recipient",
        text="A bare CR in a request element makes that element invalid or must become SP before use.",
        capability="echo",
    ),
    Requirement(
        id="rfc9112-2.2-7",
        document="rfc9112",
        section="2.2",
        level=Level.SHOULD,
        basis="bcp14",
        role="server",
        text="At least one empty CRLF line before the request-line should be ignored.",
        on_violation=Weight.WARNING,
    ),
    Requirement(
        id="rfc9112-2.2-8",
        document="rfc9112",
        section="2.2",
        level=Level.MUST_NOT,
        basis="bcp14",
        role="sender",
        text="No whitespace between the status-line and the first response field line.",
    ),
    Requirement(
        id="rfc9112-2.2-9",
        document="rfc9112",
        section="2.2",
        level=Level.MUST,
        basis="bcp14",
        role="recipient",
        text=(
            "Whitespace-led lines right after the request-line make the request rejected, or those lines ignored "
            "entirely."
        ),
        capability="echo",
    ),
    Requirement(
        id="rfc9112-2.2-10",
        document="rfc9112",
        section="2.2",
        level=Level.SHOULD,
        basis="bcp14",
        role="server",
        text="Octets not matching the request grammar should get 400 and connection closure.",
        on_violation=Weight.WARNING,
    ),
    Requirement(
        id="rfc9112-2.3-a1",
        document="rfc9112",
        section="2.3",
        level=Level.MUST,
        basis="abnf",
        role="sender",
        text="HTTP-version in the status-line is exactly uppercase 'HTTP/' DIGIT '.' DIGIT.",
    ),
    Requirement(
        id="rfc9112-2.3-a2",
        document="rfc9112",
        section="2.3",
        level=Level.SHOULD,
        basis="abnf",
        role="server",
        text=(
            "A request-line whose version is not 'HTTP/'DIGIT'.'DIGIT (http/1.1, HTTP/01.1, HTTP/1) does not "
            "match the grammar."
        ),
        on_violation=Weight.WARNING,
    ),
    Requirement(
        id="rfc9112-2.3-2",
        document="rfc9112",
        section="2.3",
        level=Level.MAY,
        basis="bcp14",
        role="server",
        text="A server may answer HTTP/1.0 when it suspects the client mishandles later versions.",
        on_violation=Weight.NOTE,
        untestable="Permission only; harness must not fail an HTTP/1.0 status-line outright, only warn.",
    ),
    Requirement(
        id="rfc9112-2.3-3",
        document="rfc9112",
        section="2.3",
        level=Level.SHOULD_NOT,
        basis="bcp14",
        role="server",
        text="Version downgrades should not happen without specific client attributes triggering them.",
        on_violation=Weight.WARNING,
    ),
)
