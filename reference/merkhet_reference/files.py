"""RFC 9110, Sections 9.3.1, 15.4.2, 15.5.4 to 15.5.6: a folder on disk, served to GET and HEAD, and nothing outside of it.

    Server(FileServer(Path("public"))).serve(8080)

or below a path of a larger application: `router.get("/files/**", FileServer(folder, prefix="/files/"))`.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

from merkhet_reference import file_response, listing, paths, validators
from merkhet_reference.fields import FieldLine
from merkhet_reference.message import Receiver, Request
from merkhet_reference.router import KNOWN_METHODS, allowed_methods

TEXT = (b"Content-Type", b"text/plain; charset=utf-8")
NOSNIFF = (b"X-Content-Type-Options", b"nosniff")
"""The type of a file is that of its name: no browser may find a program in what is called a text."""

NOT_FOUND = "There is nothing of this name here."
FORBIDDEN = "This may not be read."
BUSY = "The server has no descriptor left. Try again later."
OUT_OF_DESCRIPTORS = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM))

Access = Callable[[Request, list[str]], bool]
"""Tells whether a request may have what lies in a folder, named by its segments below the root, none for the root itself.

It is asked before the disk is looked at, so it must not take a name for a folder that exists; and again for each folder
of a page. The names are those of the path: a link to another folder is the word of who made it.
"""


class FileServer:
    """A handler that serves the files below `root`. Workers share it; it keeps nothing between two requests.

    `prefix` is the part of the path that is not on disk. `listing`: a folder without `index` is shown as a page. `hidden`:
    names that begin with a dot are served as others are. `access`: see Access. `cache_control` is the value of that field.
    Raises NotADirectoryError if there is no folder `root`.
    """

    methods: tuple[str, ...] = ("GET", "HEAD")

    def __init__(
        self,
        root: Path,
        *,
        prefix: str = "/",
        listing: bool = True,
        hidden: bool = False,
        access: Access | None = None,
        cache_control: str | None = None,
        index: str = "index.html",
    ) -> None:
        if not root.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "there is no such folder", str(root))
        if not prefix.startswith("/"):
            raise ValueError(f"a prefix begins with a slash: {prefix!r}")
        self.root = root
        self.hidden = hidden
        self._prefix = [name for name in prefix.split("/") if name]
        self._listing = listing
        self._access = access
        self._index = index
        # What not everyone may have is for no cache that others share (RFC 9111, Section 5.2.2.7).
        default = "no-cache" if access is None else "private, no-cache"
        self._cache_control = (b"Cache-Control", (cache_control or default).encode("ascii"))

    def __call__(self, request: Request) -> Receiver | None:
        """Answer a request."""
        if request.method in {"GET", "HEAD"}:
            self._get(request)
        else:
            refuse_method(request, self.methods)
        return None

    # What a path means

    def segments(self, path: bytes) -> list[str] | None:
        """Return the names below the root that a path is for; None if there is no such file, whatever the disk has.

        An empty last name stands for the slash behind a folder. `path` is the raw one: the router's `**` has its
        slashes decoded, so that two paths are one there.
        """
        # Choice: dot segments are no names, as `safe_segments` has it, so they are 404. To resolve them here would give
        # one file many paths, for which caches, logs and access rules would each need their own resolution.
        names = paths.safe_segments(path)
        if names is None or names[: len(self._prefix)] != self._prefix:
            return None
        below = names[len(self._prefix) :]
        return below if self.serves(below) else None

    def serves(self, names: Sequence[str]) -> bool:
        """Tell whether names are for others to see. # Choice: hidden ones are 404, as if they were not there."""
        if any(name.startswith(paths.UPLOADING) for name in names):
            return False
        return self.hidden or not paths.is_hidden(names)

    def url(self, names: Sequence[str]) -> bytes:
        """Return the path of what lies below the root, for Location.

        It is written anew from the names and never copied: none but the last is empty and each is percent-encoded, so
        it cannot begin with two slashes, or a backslash, and name another host (RFC 3986, Section 4.2).
        """
        # [rfc3986-2.3-a2] [rfc3986-3.3-a1] [rfc9110-10.2.2-a1]
        return ("/" + "/".join(quote(name, safe="") for name in [*self._prefix, *names])).encode("ascii")

    def may(self, request: Request, folder: list[str]) -> bool:
        """Tell whether this request may have what lies in a folder."""
        return self._access is None or self._access(request, folder)

    # Answering

    def _get(self, request: Request) -> None:
        names = self.segments(request.path)
        if names is None:
            answer(request, 404, NOT_FOUND)
            return
        if not self.may(request, names[:-1]):
            # Choice: 403, not the 404 that would deny it (Section 15.5.4). Nobody has looked whether it is there, so
            # it tells no more than that there is a rule, and who has forgotten to sign in is told what is wrong.
            answer(request, 403, FORBIDDEN)
            return
        try:
            if names and not names[-1]:
                self._serve_folder(request, names[:-1])
            else:
                self._serve_file(request, names)
        except OSError as error:
            answer(request, *explained(error))

    def _serve_file(self, request: Request, names: list[str]) -> None:
        try:
            opened = paths.open_below(self.root, names)
        except IsADirectoryError:
            self._redirect(request, names)
            return
        self.respond_file(request, opened, names[-1])

    def respond_file(
        self, request: Request, opened: paths.OpenedFile, name: str, current: validators.Validators | None = None
    ) -> None:
        """Answer with an open file. `current` is for who knows more of its state than its times say."""
        attachment = asks_download(request.query)
        presentation = file_response.Presentation(name, attachment=attachment, current=current)
        request.respond_opened(opened, presentation, (self._cache_control, NOSNIFF))

    def _redirect(self, request: Request, names: list[str]) -> None:
        """Send the client to the path with a slash, from which the references in a page lead to what lies in the folder."""
        # [rfc9110-15.4.2-1]
        if not self.may(request, names):
            answer(request, 403, FORBIDDEN)
            return
        if not self._listing:
            self._open_index(names).close()
        query = b"" if request.query is None else b"?" + request.query
        location = (b"Location", self.url([*names, ""]) + query)
        answer(request, 301, "The folder has a slash behind its name.", (location, self._cache_control))

    def _serve_folder(self, request: Request, names: list[str]) -> None:
        try:
            opened = self._open_index(names)
        except FileNotFoundError:
            # Choice: a folder without index and without page is 404: whether it exists is nobody's business then.
            if not self._listing:
                raise
            self._list(request, names)
            return
        self.respond_file(request, opened, self._index)

    def _open_index(self, names: list[str]) -> paths.OpenedFile:
        """Open the index of a folder. Raises FileNotFoundError if it has none, and other kinds of OSError."""
        try:
            return paths.open_below(self.root, [*names, self._index])
        except IsADirectoryError as error:
            raise FileNotFoundError(errno.ENOENT, "the index is a folder") from error

    def _list(self, request: Request, names: list[str]) -> None:
        def is_served(entry: listing.Entry) -> bool:
            inside = [*names, entry.name]
            return self.serves(inside) and (not entry.is_folder or self.may(request, inside))

        contents = listing.read_folder(self.root, names, is_served)
        path = "/" + "".join(f"{name}/" for name in [*self._prefix, *names])
        if listing.prefers_json(request.fields.get_all(b"Accept")):
            fields, content = listing.JSON_FIELDS, listing.json_page(path, contents)
        else:
            fields, content = listing.HTML_FIELDS, listing.html_page(path, contents, has_parent=bool(names))
        request.respond(200, (*fields, self._cache_control), content)


def answer(request: Request, status: int, text: str, fields: Sequence[FieldLine] = ()) -> None:
    """Answer with a sentence for people."""
    request.respond(status, (TEXT, NOSNIFF, *fields), text.encode("utf-8") + b"\n")


def explained(error: OSError) -> tuple[int, str]:
    """Return the status and the sentence for what the system says of a file. Raises what is no answer to a client."""
    if error.errno in OUT_OF_DESCRIPTORS:
        return 503, BUSY
    if is_absent(error):
        return 404, NOT_FOUND
    if isinstance(error, PermissionError):
        return 403, FORBIDDEN
    raise error


def is_absent(error: OSError) -> bool:
    """Tell whether what `paths` says of names is that they lead to nothing that could ever be served.

    So it is with what lies outside of the root or is no file: of both it says EPERM. Rights are EACCES.
    """
    return isinstance(error, FileNotFoundError) or error.errno == errno.EPERM


def refuse_method(request: Request, methods: Sequence[str]) -> None:
    """Answer a method that is not performed here: 405 with Allow, 501 for one never heard of (RFC 9110, Section 9.1).

    OPTIONS is answered, as the router does it: it is what Allow is for.
    """
    allow = (b"Allow", ", ".join(allowed_methods(methods)).encode("ascii"))
    if request.method == "OPTIONS":
        request.respond(200, (allow,))
    elif request.method in KNOWN_METHODS:
        answer(request, 405, "This is not done here.", (allow,))
    else:
        answer(request, 501, "This method is not known here.")


def asks_download(query: bytes | None) -> bool:
    """Tell whether the query has the parameter `download`, with a value or without."""
    return query is not None and any(part.partition(b"=")[0] == b"download" for part in query.split(b"&"))
