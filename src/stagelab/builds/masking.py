"""Keep secrets out of whatever a build prints.

A secret that a step prints is replaced by `MASK`: as it is, line by line, and in the encodings
that a careless command gives it (base64, percent encoding). Text arrives in pieces cut anywhere,
so the end of a piece is held back as long as it may be the beginning of a secret.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

MASK = "*****"
_SHORTEST_LINE = 4
"""Characters that a single line of a longer secret must have to be looked for."""


class Masker:
    """Replaces secrets in texts that arrive in pieces.

    Args:
        secrets: Their bytes.
    """

    def __init__(self, secrets: Iterable[bytes] = ()) -> None:
        found = {form for secret in secrets for form in _forms(secret)}
        # The longest first: a part of a secret must not be replaced before the whole is seen.
        self._forms = sorted(found, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, self._forms))) if found else None
        self._held: dict[str, str] = {}

    def mask(self, text: str) -> str:
        """Replace the secrets in a whole text."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def feed(self, key: str, piece: str) -> str:
        """Take the next piece of the text `key`; gives what can be shown of it by now."""
        if self._pattern is None:
            return piece
        text = self._held.pop(key, "") + piece
        held = self._may_begin(text)
        if held < len(text):
            self._held[key] = text[held:]
        return self.mask(text[:held])

    def flush(self, key: str) -> str:
        """Give what is held back of the text `key`: it has come to its end."""
        return self.mask(self._held.pop(key, ""))

    def _may_begin(self, text: str) -> int:
        """Find where a secret begins, at the latest, that goes on beyond the text's end."""
        first = len(text)
        for form in self._forms:
            for start in range(max(0, len(text) - len(form) + 1), first):
                if form.startswith(text[start:]):
                    first = start
                    break
        # A secret that is all there but reaches into what is held back must be held back whole.
        for match in self._pattern.finditer(text) if self._pattern else ():
            if match.start() < first < match.end():
                return match.start()
        return first


def _forms(secret: bytes) -> Iterator[str]:
    """Give the texts by which a secret may be printed."""
    text = secret.decode("utf-8", "replace")
    whole = text.strip()
    if not whole:
        return
    yield whole
    yield from (line.strip() for line in whole.splitlines() if len(line.strip()) >= _SHORTEST_LINE)
    for value in {secret, secret.strip()}:
        yield base64.b64encode(value).decode()
        yield base64.urlsafe_b64encode(value).decode()
        yield base64.b64encode(value).decode().rstrip("=")
        yield quote(value, safe="")
        yield quote_plus(value)
