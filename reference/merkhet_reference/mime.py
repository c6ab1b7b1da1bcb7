"""RFC 9110, Section 8.3: the media type of a file, by its name, and the same on every machine."""

from __future__ import annotations

import mimetypes
import posixpath

OCTETS = "application/octet-stream"
"""What nothing is known of (Section 8.3): a client saves it and runs none of it."""

WEB_TYPES = {
    # documents and programs
    "html": "text/html", "htm": "text/html", "xhtml": "application/xhtml+xml", "css": "text/css",
    "js": "text/javascript", "mjs": "text/javascript", "cjs": "text/javascript",
    "json": "application/json", "map": "application/json", "jsonld": "application/ld+json",
    "geojson": "application/geo+json", "webmanifest": "application/manifest+json", "wasm": "application/wasm",
    "xml": "application/xml", "xsl": "application/xml", "rss": "application/rss+xml", "atom": "application/atom+xml",
    "txt": "text/plain", "log": "text/plain", "md": "text/markdown", "markdown": "text/markdown",
    "csv": "text/csv", "tsv": "text/tab-separated-values", "ics": "text/calendar", "vcf": "text/vcard",
    "vtt": "text/vtt", "yaml": "application/yaml", "yml": "application/yaml", "toml": "application/toml",
    "pdf": "application/pdf", "rtf": "application/rtf", "epub": "application/epub+zip",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text", "ods": "application/vnd.oasis.opendocument.spreadsheet",
    # images and fonts
    "svg": "image/svg+xml", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif",
    "webp": "image/webp", "avif": "image/avif", "jxl": "image/jxl", "heic": "image/heic", "apng": "image/apng",
    "ico": "image/vnd.microsoft.icon", "bmp": "image/bmp", "tif": "image/tiff", "tiff": "image/tiff",
    "woff": "font/woff", "woff2": "font/woff2", "ttf": "font/ttf", "otf": "font/otf",
    "eot": "application/vnd.ms-fontobject", "glb": "model/gltf-binary", "gltf": "model/gltf+json",
    # video and audio
    "mp4": "video/mp4", "m4v": "video/mp4", "webm": "video/webm", "ogv": "video/ogg", "mov": "video/quicktime",
    "mkv": "video/matroska", "mpeg": "video/mpeg", "mpg": "video/mpeg", "avi": "video/x-msvideo",
    "m3u8": "application/vnd.apple.mpegurl", "mpd": "application/dash+xml",
    "m4a": "audio/mp4", "mp3": "audio/mpeg", "ogg": "audio/ogg", "oga": "audio/ogg", "opus": "audio/ogg",
    "wav": "audio/wav", "flac": "audio/flac", "aac": "audio/aac", "weba": "audio/webm",
    # Choice: pieces of a video, as players fetch them; a browser never loads TypeScript.
    "ts": "video/mp2t",
    # archives, whatever is within: `x.tar.gz` is a gzip file, not a tar file with a content coding
    "zip": "application/zip", "gz": "application/gzip", "tgz": "application/gzip", "svgz": "application/gzip",
    "tar": "application/x-tar", "bz2": "application/x-bzip2", "xz": "application/x-xz", "zst": "application/zstd",
    "7z": "application/x-7z-compressed", "rar": "application/vnd.rar",
}  # fmt: skip
"""By extension, before the standard library's table, which has some of these not at all, or only on some machines."""

OTHER_TYPES = dict(mimetypes.MimeTypes().types_map[True])
"""The table within the standard library, by extension with its dot. What the machine's own files say is not in it:
the same folder must not be served as something else on the next machine."""


def detect_mime_type(name: str) -> str:
    """Return the media type of a file with this name or path, without parameters; `OCTETS` if it says nothing.

    The last extension counts alone, in any case. A name that begins with its only dot has none.
    """
    extension = posixpath.splitext(name)[1].lower()
    return WEB_TYPES.get(extension[1:]) or OTHER_TYPES.get(extension, OCTETS)


def with_charset(kind: str) -> bytes:
    """Return the value of Content-Type: text is UTF-8, which a browser would else have to guess.

    A type that has parameters is left as it is. So is XML, which says itself how it is written, JSON, which is always
    UTF-8, and anything that is no text.
    """
    is_bare_text = kind.startswith("text/") and kind != "text/xml" and ";" not in kind
    return (kind + "; charset=utf-8" if is_bare_text else kind).encode("ascii")
