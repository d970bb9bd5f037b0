"""Why each kind of finding matters, and what would remove it: two sentences for a learner."""

from __future__ import annotations

from typing import Literal

FindingKind = Literal[
    "shell",
    "package manager",
    "compiler",
    "interpreter",
    "network tool",
    "setuid",
    "setgid",
    "world-writable",
    "capability",
    "root user",
    "unknown user",
    "port",
    "shell form",
]

WORDS: dict[FindingKind, tuple[str, str]] = {
    "shell": (
        "Whoever tricks your program into starting another one gets a command line.",
        "Take a base without a shell, distroless or scratch, and start your program in exec form.",
    ),
    "package manager": (
        "Whoever has broken in can fetch and install further programs with it.",
        "Install in the builder stage, and take a base without a package manager: distroless or "
        "scratch.",
    ),
    "compiler": (
        "An attacker can build tools in place; your program needs it only while it is built.",
        "Compile in a builder stage, and COPY --from it nothing but the result.",
    ),
    "interpreter": (
        "It runs whatever text an attacker manages to write, with sockets and files at hand.",
        "Compile to one program on distroless/static or scratch; if yours needs this interpreter, "
        "take a base that has it and no shell, such as distroless/python3.",
    ),
    "network tool": (
        "It brings an attacker's tools in and your data out, without a line of code.",
        "Fetch in the builder stage; for a health check, teach your program to check itself.",
    ),
    "setuid": (
        "It runs with its owner's rights, mostly root's, whoever starts it: a fault in it makes "
        "any user root.",
        "RUN chmod u-s on it, remove its package, or take a base without it; and run containers "
        "with no-new-privileges.",
    ),
    "setgid": (
        "It runs with its group's rights, whoever starts it.",
        "RUN chmod g-s on it, remove its package, or take a base without it; and run containers "
        "with no-new-privileges.",
    ),
    "world-writable": (
        "Every user of the container can change it: planted here, an attacker's file or code is "
        "used by others.",
        "COPY --chown it to the one user who writes there, without chmod 777; for files that come "
        "and go, mount a tmpfs.",
    ),
    "capability": (
        "Whoever starts it gets a part of root's power, even as another user.",
        "RUN setcap -r on it, or take a base without it; run containers with --cap-drop=ALL.",
    ),
    "root user": (
        "A fault in your program hands out root: all files of the container, and the best start "
        "for breaking out of it.",
        "Add USER 65532:65532, or any user but root, to the last stage.",
    ),
    "unknown user": (
        "The image's own list does not have this user or group, so that no container starts.",
        "Write numbers, USER 65532:65532, or create the user in this stage.",
    ),
    "port": (
        "The image says that it listens here: this is where requests from outside arrive. EXPOSE "
        "itself opens nothing.",
        "Remove EXPOSE if nothing listens; publish it no further than needed, as "
        "-p 127.0.0.1:8080:8080 does.",
    ),
    "shell form": (
        "The command is started by a shell, so the image needs one, and the shell gets the signal "
        "to stop in place of your program.",
        'Write it as a list, ENTRYPOINT ["/app/myapp"].',
    ),
}
