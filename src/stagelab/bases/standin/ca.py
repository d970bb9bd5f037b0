"""The host's CA certificates, which every stand-in gets.

Behind a proxy that inspects TLS, programs in a container trust it only if they have the host's
bundle.
"""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from requests.utils import DEFAULT_CA_BUNDLE_PATH

BUNDLE = "etc/ssl/certs/ca-certificates.crt"
"""Its place in a stand-in: Debian's, which Go and OpenSSL look at first."""

_SYSTEM = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Ubuntu, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/cert.pem",  # macOS
)


def host_bundle() -> bytes:
    """Give the host's CA bundle in PEM form.

    SSL_CERT_FILE, then REQUESTS_CA_BUNDLE, then the system's, then the one that comes with
    Python's requests.
    """
    named = [os.environ.get("SSL_CERT_FILE"), os.environ.get("REQUESTS_CA_BUNDLE")]
    known = [ssl.get_default_verify_paths().cafile, *_SYSTEM, DEFAULT_CA_BUNDLE_PATH]
    for candidate in (*named, *known):
        # REQUESTS_CA_BUNDLE may name a folder: that is no bundle to copy
        if candidate and Path(candidate).is_file():
            return Path(candidate).read_bytes()
    return b""
