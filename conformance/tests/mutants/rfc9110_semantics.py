"""RFC 9110, Sections 5 to 12 and 15: one rule of fields, expectations, codings and credentials broken at a time."""

from __future__ import annotations

import zlib
from typing import Any

from mutation import mutant

from merkhet_reference import coding, contract_media
from merkhet_reference.fields import Fields

FIELDS = "merkhet_reference.fields.Fields"
REQUEST = "merkhet_reference.http1.request"
CODING = "merkhet_reference.coding"
MEDIA = "merkhet_reference.contract_media"


# Fields


@mutant(
    f"{REQUEST}.expects_continue",
    breaks="rfc9110-10.1.1-a1",
    must_kill={"rfc9110-10.1.1-case-upper", "rfc9110-10.1.1-case-mixed"},
)
def expectations_have_case(original: Any) -> Any:
    """Knows 100-continue in lower case alone."""
    return lambda version, fields: original(version, fields) and b"100-continue" in fields.get_all(b"Expect")


@mutant(f"{REQUEST}.expects_continue", breaks="rfc9110-10.1.1-11", must_kill={"rfc9110-10.1.1-told-length"})
def nobody_is_told(original: Any) -> Any:
    """Waits for the content of a client that waits for leave."""
    return lambda version, fields: False


@mutant(
    f"{REQUEST}.expects_continue",
    breaks="rfc9110-10.1.1-7",
    must_kill={"rfc9110-10.1.1-old-length", "rfc9110-10.1.1-old-put"},
)
def old_clients_are_told(original: Any) -> Any:
    """Says 100 to HTTP/1.0."""
    return lambda version, fields: original((1, 1), fields)


@mutant(f"{FIELDS}.contains_token", breaks="rfc9110-10.1.1-a1", must_kill={"rfc9110-10.1.1-case-upper"})
def tokens_have_case(original: Any) -> Any:
    """Compares the members of lists as they are written."""

    def contains_token(fields: Fields, name: bytes, token: bytes) -> bool:
        members = (member.strip(b" \t") for value in fields.get_all(name) for member in value.split(b","))
        return token in members

    return contains_token


@mutant(
    f"{FIELDS}.list_members",
    breaks="rfc9110-7.6.1-a1",
    must_kill={"rfc9110-7.6.1-close-upper", "rfc9110-7.6.1-close-listed"},
)
def options_have_case(original: Any) -> Any:
    """Reads the members of lists as they are written."""
    return lambda fields, name: [
        member.strip(b" \t") for value in fields.get_all(name) for member in value.split(b",") if member.strip(b" \t")
    ]


@mutant(
    f"{FIELDS}.list_members",
    breaks="rfc9110-5.6.1.2-1",
    must_kill={"rfc9110-5.6.1.2-connection-before", "rfc9110-5.6.1.2-connection-spaced"},
)
def lists_end_at_nothing(original: Any) -> Any:
    """Reads a list up to its first empty member."""

    def list_members(fields: Fields, name: bytes) -> list[bytes]:
        found: list[bytes] = []
        for member in b",".join(fields.get_all(name)).split(b","):
            if not member.strip(b" \t"):
                break
            found.append(member.strip(b" \t").lower())
        return found

    return list_members


@mutant(
    f"{FIELDS}.__init__",
    breaks="rfc9110-5.1-a1",
    must_kill={"rfc9110-5.1-case-length-upper", "rfc9110-5.1-case-host-mixed", "rfc9110-5.1-case-coding-upper"},
)
def names_have_case(original: Any) -> Any:
    """Knows fields by the usual spelling of their names, or by one in lower case."""

    def init(fields: Fields, lines: Any = ()) -> None:
        kept = [*lines]
        original(fields, [line for line in kept if line[0] in (line[0].title(), line[0].lower())])
        fields.lines = kept

    return init


@mutant(f"{REQUEST}.check_field_count", breaks="rfc9110-5.1-2", must_kill={"rfc9110-5.1-unknown-many"})
def few_fields_are_taken(original: Any) -> Any:
    """Refuses a head with more than twenty field lines."""

    def check_field_count(count: int, limits: Any) -> None:
        original(count * 1000 if count > 20 else count, limits)

    return check_field_count


@mutant(
    f"{REQUEST}.supported_version",
    breaks="rfc9110-6.2-6",
    must_kill={"rfc9110-6.2-minor-2", "rfc9110-6.2-minor-9"},
)
def later_minors_are_refused(original: Any) -> Any:
    """Refuses what is later than HTTP/1.1."""
    return lambda major, minor: original(major + (minor > 1), minor)


@mutant(
    "merkhet_reference.http1.connection.Connection.__init__",
    breaks="rfc9110-7.4-2",
    must_kill={"rfc9110-7.4-https-root", "rfc9110-7.4-https-head"},
)
def every_connection_is_secure(original: Any) -> Any:
    """Serves an https URI over any connection."""
    return lambda connection, limits, asked=None, *, is_secure=True: original(connection, limits, asked)


# Codings


@mutant(
    f"{CODING}.parse_weight",
    breaks="rfc9110-12.5.3-a2",
    must_kill={"rfc9110-12.5.3-gzip-zero", "rfc9110-12.5.3-gzip-zero-any"},
)
def weights_are_not_read(original: Any) -> Any:
    """Takes every coding that is listed, whatever its weight."""
    return lambda octets: coding.WEIGHT_MAX


@mutant(
    f"{CODING}.prefers_gzip",
    breaks="rfc9110-12.5.3-a5",
    must_kill={"rfc9110-12.5.3-prefers-identity", "rfc9110-12.5.3-prefers-identity-first"},
)
def gzip_wherever_it_may_be(original: Any) -> Any:
    """Sends gzip to everybody who takes it, however gladly."""
    return lambda fields: bool((coding.accepted_codings(fields.get_all(b"Accept-Encoding")) or {}).get(b"gzip"))


@mutant(
    f"{CODING}.prefers_gzip",
    breaks="rfc9110-12.5.3-2",
    must_kill={"rfc9110-12.5.3-unknown", "rfc9110-12.5.3-empty", "rfc9110-12.5.3-identity"},
)
def gzip_for_everybody(original: Any) -> Any:
    """Sends gzip to everybody."""
    return lambda fields: True


@mutant(
    f"{CODING}.accepted_codings",
    breaks="rfc9110-8.4.1-a1",
    must_kill={"rfc9110-8.4.1-case-upper", "rfc9110-8.4.1-case-mixed"},
)
def codings_have_case(original: Any) -> Any:
    """Knows gzip in lower case alone."""
    return lambda values: original([value.replace(b"G", b"!").replace(b"Z", b"!") for value in values])


@mutant(f"{CODING}.gzip_content", breaks="rfc9110-8.4-1", must_kill={"rfc9110-8.4-told-gzip"})
def gzip_is_zlib(original: Any) -> Any:
    """Calls gzip what is in the format of zlib."""
    return zlib.compress


@mutant(f"{CODING}.add_vary", breaks="rfc9110-12.5.5-3", must_kill={"rfc9110-12.5.5-vary-coded"})
def nothing_varies(original: Any) -> Any:
    """Tells no cache what an answer depends on."""
    return lambda fields, name: None


@mutant("merkhet_reference.file_response.describing", breaks="rfc9110-8.3-1", must_kill={"rfc9110-8.3-type-page"})
def files_have_no_type(original: Any) -> Any:
    """Says of no file what it is."""
    return lambda *given: [line for line in original(*given) if line[0] != b"Content-Type"]


@mutant("merkhet_reference.negotiation.weight_of", breaks="rfc9110-12.5.1-2", must_kill={"rfc9110-12.5.1-weight-alone"})
def types_have_no_weight(original: Any) -> Any:
    """Takes every type that is listed, whatever its weight."""
    return lambda media_type, ranges: 1000 if any(one.matches(media_type) for one in ranges) else 0


# Credentials


@mutant(
    f"{MEDIA}.credentials",
    breaks="rfc9110-11.1-a1",
    must_kill={"rfc9110-11.1-case-lower", "rfc9110-11.1-case-upper"},
)
def schemes_have_case(original: Any) -> Any:
    """Knows the scheme Basic in this case alone."""
    return lambda values: original([value for value in values if value.startswith(b"Basic ")])


@mutant(f"{MEDIA}.credentials", breaks="rfc9110-11.4-1", must_kill={"rfc9110-11.4-wrong-none"})
def everybody_comes_in(original: Any) -> Any:
    """Takes everybody for who has the credentials."""
    return lambda values: contract_media.CREDENTIALS


@mutant(
    f"{MEDIA}.credentials",
    breaks="rfc9110-11.4-1",
    must_kill={"rfc9110-11.4-wrong-longer", "rfc9110-11.4-wrong-nul"},
)
def credentials_are_cut(original: Any) -> Any:
    """Compares as many octets as the right credentials have."""
    return lambda values: (original(values) or b"")[: len(contract_media.CREDENTIALS)]


@mutant(
    f"{MEDIA}.credentials",
    breaks="rfc9110-11.4-1",
    must_kill={"rfc9110-11.4-wrong-other-scheme"},
)
def any_scheme_will_do(original: Any) -> Any:
    """Reads the credentials and not their scheme."""
    return lambda values: original([b"Basic " + value.partition(b" ")[2] for value in values])
