"""Files from archives over HTTP, within bounds of size and time.

Proxies (HTTP_PROXY, HTTPS_PROXY, NO_PROXY) and CA bundles (REQUESTS_CA_BUNDLE) are those that
`requests` honours. No credentials are ever sent.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError

from stagelab.image.fixes.archives import is_public

_TIMEOUT = (10, 30)
_MOST_SECONDS = 300
_MOST_REDIRECTS = 4
_PIECE = 1 << 16
_OK, _NOT_MODIFIED = 200, 304
_REDIRECTS = {301, 302, 303, 307, 308}


class ArchiveUnreachable(Exception):
    """An archive does not answer, or refuses; says the system's words. Stays in this package."""


class ArchiveUnusable(Exception):
    """An archive answers, but not with what it announces. Stays in this package."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered.

    Attributes:
        changed: False if it said that what is kept is still right; there are no pieces then.
        etag: Its ETag header, "" if none.
        modified: Its Last-Modified header, "" if none.
        pieces: The body, to be read once.
    """

    changed: bool
    etag: str
    modified: str
    pieces: Iterator[bytes]


class Web:
    """Fetches files; keeps connections open until `close`."""

    def __init__(self) -> None:
        self._session = requests.Session()
        self._session.auth = _nobody
        self._session.headers["Accept-Encoding"] = "identity"
        self._silent: dict[str, str] = {}

    def close(self) -> None:
        """Close what is open."""
        self._session.close()

    @contextmanager
    def open(
        self, url: str, *, most: int, trusted: bool, etag: str = "", modified: str = ""
    ) -> Iterator[Answer]:
        """Ask for a file; a host that could not be reached once is not waited for again.

        Args:
            url: Where it is.
            most: Bytes that it may have.
            trusted: Whether its host may be one of the own network; see `is_public`.
            etag: ETag of what is kept, if that would do.
            modified: Last-Modified of it.

        Raises:
            ArchiveUnreachable: No answer, or not the file.
            ArchiveUnusable: It is too large, or takes too long.
        """
        conditions = {"If-None-Match": etag, "If-Modified-Since": modified}
        headers = {name: value for name, value in conditions.items() if value}
        deadline = time.monotonic() + _MOST_SECONDS
        try:
            with self._get(url, headers, trusted=trusted) as response:
                if response.status_code not in {_OK, _NOT_MODIFIED}:
                    raise ArchiveUnreachable(f"{url}: {response.status_code} {response.reason}")
                yield Answer(
                    response.status_code == _OK,
                    response.headers.get("ETag", ""),
                    response.headers.get("Last-Modified", ""),
                    _pieces(response, url, most, deadline),
                )
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise ArchiveUnreachable(f"{url}: {error}") from error

    def read(self, url: str, *, most: int, trusted: bool) -> bytes:
        """Give a whole file; as `open`."""
        with self.open(url, most=most, trusted=trusted) as answer:
            return b"".join(answer.pieces)

    def _get(self, url: str, headers: dict[str, str], *, trusted: bool) -> requests.Response:
        for _ in range(_MOST_REDIRECTS):
            if not trusted and not is_public(url):
                raise ArchiveUnreachable(
                    f"{url}: only the image names it, and it is no public host"
                )
            host = urlsplit(url).netloc
            if host in self._silent:
                raise ArchiveUnreachable(f"{url}: {self._silent[host]}")
            try:
                response = self._session.get(
                    url, headers=headers, stream=True, timeout=_TIMEOUT, allow_redirects=False
                )
            except (requests.ConnectionError, requests.Timeout) as error:
                self._silent[host] = str(error)
                raise
            if response.status_code not in _REDIRECTS:
                return response
            response.close()
            url = urljoin(url, response.headers.get("Location", ""))
        raise ArchiveUnreachable(f"{url}: too many redirects")


def _pieces(response: requests.Response, url: str, most: int, deadline: float) -> Iterator[bytes]:
    size = 0
    if response.status_code == _NOT_MODIFIED:
        return
    for piece in response.raw.stream(_PIECE, decode_content=False):
        size += len(piece)
        if size > most:
            raise ArchiveUnusable(f"{url}: more than {most} bytes")
        if time.monotonic() > deadline:
            raise ArchiveUnusable(f"{url}: not there within {_MOST_SECONDS} s")
        yield piece


def _nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Stand for credentials, so that requests does not look for some in the user's netrc."""
    return request
