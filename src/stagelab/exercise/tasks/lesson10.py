"""Lesson 10: what scratch lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stagelab.containers import Health, Reply, Run, run, serve
from stagelab.errors import StartFailed
from stagelab.exercise import failing, program
from stagelab.exercise.authority import (
    PARTNER,
    authority,
    bringing,
    distrust,
    keeps_the_key,
    no_authority,
    trusted,
)
from stagelab.exercise.behaviours import (
    as_small_as_reference,
    ends_on_sigterm,
    no_shell,
    not_root,
)
from stagelab.exercise.requirements import builds, replies, ships_no_toolchain
from stagelab.exercise.supplied import cannot_write, nameless, zoneless
from stagelab.exercise.task import Found, Requirement, Task, hinted, met, unmet

if TYPE_CHECKING:
    from stagelab.exercise.attempt import Attempt

_APP = "go-needs"
_PORT = 8080
_HEALTH = "/healthz"
_WELCOME = "partner.test answered: welcome"
_UNTRUSTED = "unknown authority"
_WROTE = "wrote a file into"
_NAMED = "is the user"
_TOKYO = "21:00 in Asia/Tokyo"
_FEWEST_PUBLIC = 10  # authorities of any bundle that is in use; there are more than a hundred
_LARGER = 1.25
"""A base such as distroless brings a little more than is copied here, and is right too."""


def _from_scratch() -> Requirement:
    def look(attempt: Attempt) -> Found:
        base = attempt.chain[-1].base if attempt.chain else ""
        if base == "scratch":
            return met("It starts from scratch.")
        return unmet(
            f"the image that ships starts from {base}, which brings more than the program needs. "
            "Here you supply what is missing by yourself: keep FROM scratch.",
            at=attempt.begins,
        )

    return Requirement(
        "The image that ships starts from scratch.",
        look,
        (
            "Which base has no files at all?",
            "Leave the last FROM as the exercise has it, and bring single files into that stage.",
            "FROM scratch, and COPY --from=... for each thing that is missing.",
        ),
    )


# 10-1: the partner is trusted


def _asked(attempt: Attempt) -> Run | None:
    """Run the image as it starts by itself, beside its partner; None without an authority."""
    made = authority(attempt)
    if made is None:
        return None
    env = {PARTNER: made.partner}
    return attempt.once("asked", lambda: run(attempt.build, env=env, client=attempt.client))


def _asks_the_partner(attempt: Attempt) -> Found:
    made, ran = authority(attempt), _asked(attempt)
    if made is None or ran is None:
        return no_authority()
    if ran.ok and _WELCOME in ran.stdout:
        return met(f"It prints: {ran.stdout.strip()}")
    if _UNTRUSTED in ran.output:
        return distrust(attempt, made.certificate, ran.output)
    return failing.why_not(attempt, ran.output)


def _trusts_the_public(attempt: Attempt) -> Found:
    made = authority(attempt)
    if made is None:
        return no_authority()
    others = trusted(attempt) - {made.certificate}
    if len(others) >= _FEWEST_PUBLIC:
        return met(f"It trusts {len(others)} other authorities.")
    return unmet(
        "the program trusts your company's authority and hardly any other: it could talk to no "
        "public server any more. Add the certificate to the bundle that the builder has, and copy "
        "the bundle.",
        at=bringing(attempt) or attempt.begins,
    )


# 10-2: a user, and a folder


def _plain(attempt: Attempt) -> Run:
    """Run the image as it starts by itself, with the root and the /tmp that it brings."""
    return attempt.once(
        "plain", lambda: run(attempt.build, tmp=False, read_only=False, client=attempt.client)
    )


def _starts(attempt: Attempt) -> Found:
    ran = _plain(attempt)
    if ran.exit_code is not None:
        return met("It starts.")
    problem = attempt.xray.surface.user.problem
    if not problem:
        return failing.why_not(attempt, ran.output)
    return unmet(
        "a name is looked up in the image's /etc/passwd, and the engine finds none of this name "
        "there: no container starts. Give the number instead, or COPY an /etc/passwd that has the "
        "name.",
        at=attempt.instruction("USER"),
        detail=ran.output,
    )


def _writes(attempt: Attempt) -> Found:
    ran = _plain(attempt)
    if ran.ok and _WROTE in ran.stdout:
        return met(f"It {ran.stdout.strip()}.")
    return cannot_write(attempt, ran.output) or failing.why_not(attempt, ran.output)


def _knows_its_name(attempt: Attempt) -> Found:
    first = program.command(attempt)[:1]
    if not first:
        return failing.why_not(attempt, "")
    ran = attempt.once(
        "named", lambda: run(attempt.build, "user", entrypoint=first, client=attempt.client)
    )
    if ran.ok and _NAMED in ran.stdout:
        return met(f"It prints: {ran.stdout.strip()}")
    return nameless(attempt, ran.output)


# 10-3: the whole runtime stage


@dataclass(frozen=True, slots=True)
class _Visit:
    """What the service did, beside its partner and with the root that the image brings."""

    replies: dict[str, Reply]
    health: Health


def _visit(attempt: Attempt) -> _Visit:
    made = authority(attempt)

    def go() -> _Visit:
        with serve(
            attempt.build,
            _PORT,
            ready=_HEALTH,
            env={PARTNER: made.partner if made else ""},
            tmp=False,
            read_only=False,
            client=attempt.client,
        ) as service:
            paths = (_HEALTH, *(f"/needs/{name}" for name in ("tls", "zone", "user", "temp")))
            return _Visit(replies(service, *paths), service.health())

    return attempt.once("visit with a partner", go)


def _answers(attempt: Attempt) -> Found:
    try:
        reply = _visit(attempt).replies[_HEALTH]
    except StartFailed as error:
        problem = attempt.xray.surface.user.problem
        if problem:
            return _starts(attempt)
        return failing.why_not(attempt, error.detail, failed="it does not answer")
    return met(f"It answers: {reply.body.strip()}")


def _need(name: str, expected: str, text: str, hints: tuple[str, str, str]) -> Requirement:
    """Make the requirement that the service answers a need."""

    def look(attempt: Attempt) -> Found:
        try:
            reply = _visit(attempt).replies[f"/needs/{name}"]
        except StartFailed:
            return _answers(attempt)
        said = reply.body.strip()
        if expected in said:
            return met(f"It answers: {said}")
        return _missing(attempt, name, said)

    return Requirement(text, look, hints)


def _missing(attempt: Attempt, name: str, said: str) -> Found:
    """Explain a need that the image does not meet."""
    if name == "tls":
        made = authority(attempt)
        if made is None:
            return no_authority()
        if _UNTRUSTED in said:
            return distrust(attempt, made.certificate, said)
    if name == "zone" and "unknown time zone" in said:
        return zoneless(attempt, said)
    if name == "user":
        return nameless(attempt, said)
    told = cannot_write(attempt, said) if name == "temp" else None
    return told or unmet(
        "the service answers with an error. Its own words are below.",
        at=program.starter(attempt),
        detail=said,
    )


def _is_healthy(attempt: Attempt) -> Found:
    test = (attempt.config.get("Healthcheck") or {}).get("Test") or ["NONE"]
    at = attempt.instruction("HEALTHCHECK")
    if test[0] == "NONE":
        return unmet(
            "The image has no health check, so the engine knows that the process is there, and "
            "not whether the service answers. Add HEALTHCHECK: the program can ask itself, by its "
            "command health.",
            at=at,
        )
    try:
        health = _visit(attempt).health
    except StartFailed:
        return _answers(attempt)
    if health.status != "healthy" and test[0] == "CMD-SHELL":
        return unmet(
            "written without a list, a health check is run by /bin/sh, and this image has no "
            'shell: write a list, HEALTHCHECK CMD ["/go-needs", "health"].',
            at=at,
            detail=health.output,
        )
    if health.status != "healthy":
        return unmet(
            f"the engine runs {' '.join(test[1:])} in the container, and finds the service "
            f"{health.status}. It needs a program that is in the image and ends with 0: the "
            "sample app has the command health.",
            at=at,
            detail=health.output,
        )
    if test[0] == "CMD" and _content_alone(attempt, test[1:]):
        return unmet(
            f"{' '.join(test[1:])} is content where no service runs at all, so it says nothing "
            "about the service. Let it ask the service: the sample app has the command health.",
            at=at,
        )
    return met(f"The engine finds it healthy: {health.output}")


def _content_alone(attempt: Attempt, words: list[str]) -> bool:
    """Whether a health check ends well in a container of its own, without the service."""
    made = authority(attempt)
    env = {PARTNER: made.partner if made else ""}
    return attempt.once(
        "alone",
        lambda: run(attempt.build, entrypoint=words, env=env, client=attempt.client),
    ).ok


_BY_NUMBER = (
    "Who is the user if nobody says so?",
    "USER takes a name or a number. A name must be in the image's /etc/passwd, a number need not.",
    "USER 65532:65532, in the last stage, above ENTRYPOINT.",
)
_FOLDER_HINTS = (
    "Where does the program want to write, and whom does that folder belong to?",
    "mkdir needs a shell, and another stage has one. COPY can change the owner on the way.",
    "RUN mkdir /empty in the builder, COPY --from=builder --chown=65532:65532 /empty /tmp below "
    "FROM scratch.",
)
_NAME_HINTS = (
    "Which file gives names to the numbers of users?",
    "It is one line a user, name:x:number:group:remark:home:shell. Another stage can write it.",
    "RUN echo 'app:x:65532:65532::/:/none' > /passwd in the builder, "
    "COPY --from=builder /passwd /etc/passwd below FROM scratch.",
)
_TRUST_HINTS = (
    "The builder has a bundle of certificates. Is your company's authority in it?",
    "Debian's update-ca-certificates makes the bundle anew, with every *.crt in "
    "/usr/local/share/ca-certificates. It has to run in the stage that you copy from.",
    "COPY --from=ca /ca/ca.crt /usr/local/share/ca-certificates/ and RUN update-ca-certificates "
    "in the builder; COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ below "
    "FROM scratch.",
)

TASKS = (
    Task(
        id="10-1",
        title="Trust your company's authority",
        app=_APP,
        first="The image has the builder's bundle of certificates already. Which certificate is "
        "missing in it, and in which stage can you add it?",
        requirements=(
            builds(),
            _from_scratch(),
            Requirement(
                "The image asks the partner over TLS, and prints what it answers.",
                _asks_the_partner,
                _TRUST_HINTS,
            ),
            Requirement(
                "It trusts the public authorities too.",
                _trusts_the_public,
                (
                    "How many certificates are in the file that you copy?",
                    "Add to the bundle that the builder has, and do not put a file with one "
                    "certificate in its place.",
                    "RUN update-ca-certificates in the builder, and COPY its "
                    "/etc/ssl/certs/ca-certificates.crt.",
                ),
            ),
            keeps_the_key(),
        ),
        hints=_TRUST_HINTS,
    ),
    Task(
        id="10-2",
        title="Run as somebody else, with a folder to write to",
        app=_APP,
        first="Run it and read what the engine says about USER. Then follow the program's own "
        "words, one after another.",
        requirements=(
            builds(),
            _from_scratch(),
            Requirement("A container of it starts.", _starts, _BY_NUMBER),
            hinted(not_root(), *_BY_NUMBER),
            Requirement(
                "The program writes its temporary file, without a mount for it.",
                _writes,
                _FOLDER_HINTS,
            ),
            Requirement("It can tell the name of its user.", _knows_its_name, _NAME_HINTS),
            ships_no_toolchain(),
        ),
        hints=(
            "Three things are missing: a user, a folder, and a file that gives the user a name.",
            "Make the folder and the file in the builder, where there is a shell, and COPY both.",
            "USER 65532:65532; COPY --from=builder --chown=65532:65532 /empty /tmp; "
            "COPY --from=builder /passwd /etc/passwd.",
        ),
    ),
    Task(
        id="10-3",
        title="Write the whole runtime stage of a service",
        app=_APP,
        first="Write the runtime stage with the program and its start first: /go-needs serve. "
        "Then supply one need after another.",
        requirements=(
            builds(),
            Requirement(
                f"The service listens on port {_PORT} and answers {_HEALTH}.",
                _answers,
                (
                    "How does the image start the service? The program has a command for it.",
                    "The program is /go-needs in the builder, its command is serve, and there is "
                    "no shell to put the two together.",
                    'COPY --from=builder /go-needs /go-needs, ENTRYPOINT ["/go-needs"], '
                    'CMD ["serve"].',
                ),
            ),
            hinted(not_root(), *_BY_NUMBER),
            _need("tls", _WELCOME, "It asks its partner over TLS.", _TRUST_HINTS),
            _need(
                "zone",
                _TOKYO,
                "It knows the time in Tokyo.",
                (
                    "Where does Linux keep the rules of the time zones? The builder has them.",
                    "Go reads /usr/share/zoneinfo, or what was built into the program.",
                    "COPY --from=builder /usr/share/zoneinfo /usr/share/zoneinfo",
                ),
            ),
            _need("user", _NAMED, "It can tell the name of its user.", _NAME_HINTS),
            _need("temp", _WROTE, "It writes a temporary file, without a mount.", _FOLDER_HINTS),
            no_shell(),
            Requirement(
                "The engine finds it healthy, and asks the service for that.",
                _is_healthy,
                (
                    "What could ask the service from inside, in an image without shell and curl?",
                    "The program has a command for it. HEALTHCHECK takes a list, as ENTRYPOINT "
                    "does.",
                    'HEALTHCHECK CMD ["/go-needs", "health"]',
                ),
            ),
            ends_on_sigterm(_PORT, _HEALTH),
            keeps_the_key(),
            as_small_as_reference(_LARGER),
        ),
        hints=(
            "Everything that the stage needs is in the builder, or can be made there.",
            "Five COPY --from: the program, the certificates, the time zones, /etc/passwd, an "
            "empty folder with --chown. Then USER, HEALTHCHECK, ENTRYPOINT and CMD.",
            'USER 65532:65532, HEALTHCHECK CMD ["/go-needs", "health"], ENTRYPOINT ["/go-needs"], '
            'CMD ["serve"], below the five COPY of exercises 10-1 and 10-2 and of '
            "/usr/share/zoneinfo.",
        ),
    ),
)
