"""The certificate authority that a stage of an answer plays, and whom an image trusts."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stagelab.containers import run
from stagelab.exercise.task import Found, Requirement, met, unmet
from stagelab.exercise.traces import traces

if TYPE_CHECKING:
    from stagelab.builds import Instruction, StageSource
    from stagelab.exercise.attempt import Attempt

PARTNER = "PARTNER_PEM"
"""The environment variable by which the sample app gets its partner's certificate and key."""

_MAKES = "./ca"  # what a RUN of the stage runs: go run ./ca /ca
_FOLDER = "/ca"
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)
_KEY = re.compile(r"-----BEGIN PRIVATE KEY-----(.+?)-----END PRIVATE KEY-----", re.DOTALL)

_KEY_CHARACTERS = 42  # of Base64, that stand for nothing but the key's bytes

# Where Go looks on Linux: crypto/x509/root_linux.go.
_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
_FOLDERS = {"/etc/ssl/certs", "/etc/pki/tls/certs"}


@dataclass(frozen=True, slots=True)
class Authority:
    """What the stage made.

    Attributes:
        certificate: The authority's, as in `certificates`.
        partner: The partner's certificate and private key, PEM.
    """

    certificate: str
    partner: str

    @property
    def needle(self) -> bytes:
        """A part of the private key that nothing else holds.

        Of a PKCS #8 key of Ed25519 (RFC 8410, section 7) the last 32 of 48 bytes are the key; what
        stands before them is the same in all.
        """
        key = _KEY.search(self.partner)
        return key.group(1).strip()[-_KEY_CHARACTERS:].encode() if key else self.partner.encode()


def authority(attempt: Attempt) -> Authority | None:
    """Give what the authority made for an answer's image; None if no stage plays it.

    The stage's steps come from the engine's cache, so it is the authority of the built image.

    Raises:
        BuildError: The answer does not build.
    """
    stage = playing(attempt)
    if stage is None:
        return None

    def make() -> Authority | None:
        attempt.build  # noqa: B018 - what does not build is told by an earlier requirement
        made = attempt.variant(target=stage.name if stage.named else str(stage.index))
        files = [f"{_FOLDER}/ca.crt", f"{_FOLDER}/partner.pem"]
        texts = [run(made, file, entrypoint=["cat"], client=attempt.client) for file in files]
        if not all(text.ok for text in texts):
            return None
        return Authority(min(certificates(texts[0].stdout)), texts[1].stdout)

    return attempt.once("authority", make)


def playing(attempt: Attempt) -> StageSource | None:
    """Find the stage that plays the authority."""
    for stage in attempt.source.stages:
        if any(i.keyword == "RUN" and _MAKES in i.value for i in stage.instructions):
            return stage
    return None


def certificates(text: str) -> frozenset[str]:
    """Give the certificates of a PEM text: what stands between the lines, without white space."""
    return frozenset("".join(found.split()) for found in _CERTIFICATE.findall(text))


def trusted(attempt: Attempt) -> frozenset[str]:
    """Give the certificates of all authorities that a Go program trusts in the built image.

    Raises:
        BuildError: The answer does not build.
        ImageError: The image cannot be read.
    """
    settings = dict(item.partition("=")[::2] for item in attempt.config.get("Env") or ())
    named, listed = settings.get("SSL_CERT_FILE"), settings.get("SSL_CERT_DIR")
    files = (posixpath.normpath(named),) if named else _FILES
    folders = {posixpath.normpath(each) for each in listed.split(":")} if listed else _FOLDERS
    # Go reads the first of the files that it can, and every file of the folders.
    bundle = next((path for path in files if attempt.xray.file(path) is not None), None)
    found: set[str] = set()
    for entry in attempt.xray.tree:
        there = entry.path == bundle or posixpath.dirname(entry.path) in folders
        if there and entry.kind == "file":
            found |= certificates(attempt.xray.read(entry.path).decode("utf-8", "replace"))
    return frozenset(found)


def bringing(attempt: Attempt) -> Instruction | None:
    """Find the instruction of the built stage that brings certificates."""
    stage = attempt.stage
    for instruction in reversed(stage.instructions if stage else ()):
        brings = instruction.keyword in {"COPY", "ADD", "RUN"}
        if brings and re.search(r"ssl|cert|\.crt|\.pem", instruction.value):
            return instruction
    return None


def distrust(attempt: Attempt, certificate: str, output: str) -> Found:
    """Explain `certificate signed by unknown authority`."""
    trusts = trusted(attempt)
    at = bringing(attempt)
    if not trusts:
        return unmet(
            "the image has no certificate of any authority where Go looks for them, in "
            "/etc/ssl/certs: the program trusts nobody. COPY --from a stage that has the bundle "
            "/etc/ssl/certs/ca-certificates.crt, with your company's authority in it.",
            at=at or attempt.begins,
            detail=output,
        )
    if certificate in trusts:
        return unmet(
            "the authority's certificate is in the image, and yet the partner's was refused.",
            at=at,
            detail=output,
        )
    says = f"this brings the certificates of {len(trusts)} authorities, and your company's is not "
    misnamed = next((i for i in attempt.source.instructions if _misnamed(i)), None)
    if misnamed is not None:
        return unmet(
            "update-ca-certificates reads only files whose names end in .crt, so it passes over "
            "this one. Keep the name ca.crt.",
            at=misnamed,
            detail=output,
        )
    if any("update-ca-certificates" in i.value for i in attempt.source.instructions):
        return unmet(
            says + "among them: the bundle that you copy is not the one that "
            "update-ca-certificates made. Run it in the stage that you copy from, below the COPY "
            "of ca.crt to /usr/local/share/ca-certificates/.",
            at=at,
            detail=output,
        )
    return unmet(
        says + "among them. In the stage that you copy from, COPY its ca.crt to "
        "/usr/local/share/ca-certificates/, and RUN update-ca-certificates makes the bundle anew.",
        at=at,
        detail=output,
    )


def keeps_the_key() -> Requirement:
    """The partner's private key is in nothing that ships."""

    def look(attempt: Attempt) -> Found:
        made = authority(attempt)
        if made is None:
            return no_authority()
        found = attempt.once(
            "key", lambda: traces(attempt.build.image, made.needle, diff_ids=attempt.layers)
        )
        if not found:
            return met("It is in no layer, and not in the settings or the history.")
        at = None
        if found.layers:
            layer = next(each for each in attempt.xray.layers if each.diff_id in found.layers)
            at = attempt.layer_instruction(layer.index)
        return unmet(
            "this ships partner.pem, which holds the partner's private key: whoever has the image "
            "can pretend to be the partner. Copy ca.crt by its name, not its folder.",
            at=at,
        )

    return Requirement(
        "The partner's private key is in no layer.",
        look,
        (
            "The stage ca makes two files. Which of them may everybody see?",
            "COPY of a folder takes everything that is in it.",
            "COPY --from=ca /ca/ca.crt ..., and nothing else of that stage.",
        ),
    )


def no_authority() -> Found:
    """Say that an answer has no stage that plays the authority."""
    return unmet(
        "There is no stage that runs `go run ./ca /ca`: it plays your company's authority, and "
        "without it there is no partner to talk to. Take the stage ca over from the exercise."
    )


def _misnamed(instruction: Instruction) -> bool:
    target = instruction.arguments.split()[-1] if instruction.arguments else ""
    folder, name = posixpath.split(target)
    return (
        instruction.keyword in {"COPY", "ADD"}
        and folder == "/usr/local/share/ca-certificates"
        and bool(name)
        and not name.endswith(".crt")
    )
