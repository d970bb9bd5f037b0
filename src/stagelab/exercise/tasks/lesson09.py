"""Lesson 09: a runtime base that fits the program."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

from stagelab.errors import RunTimeout
from stagelab.exercise import failing, program
from stagelab.exercise.behaviours import as_small_as_reference, no_shell, not_root
from stagelab.exercise.requirements import (
    answers,
    builds,
    prints,
    ships_no_source,
    ships_no_toolchain,
    starts_without_shell,
)
from stagelab.exercise.task import Found, Requirement, Task, hinted, unmet

if TYPE_CHECKING:
    from stagelab.exercise.attempt import Attempt

_PORT = 8080
_HEALTH = "/healthz"
_HELLO = "/api/hello?name=Ada"

_TEXT = "stages"
STAMP = f"{_TEXT} {zlib.adler32(_TEXT.encode()):08x}"
"""What the program of 09-2 prints: a text and its Adler-32 checksum."""

TRUSTS = "CA certificates found: servers can be trusted"
"""What the program of 09-3 prints where a TLS client could work."""

_DISTRUSTS = "no CA certificates: no server can be trusted"
_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
_BRINGS = re.compile(r"\.crt|\.pem|/ssl|certs")
_MISSED = re.compile(r"error while loading shared libraries: ([^\s:]+)")

_STAMP_GO = f"""\
// Command stamp prints a text and its checksum, which a function in C computes.
package main

/*
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

static uint32_t adler32(const char *text, size_t length) {{
	uint32_t a = 1, b = 0;
	for (size_t n = 0; n < length; n++) {{
		a = (a + (unsigned char)text[n]) % 65521;
		b = (b + a) % 65521;
	}}
	return b << 16 | a;
}}
*/
import "C"

import (
	"fmt"
	"unsafe"
)

const text = "{_TEXT}"

func main() {{
	bytes := C.CString(text)
	defer C.free(unsafe.Pointer(bytes))
	fmt.Printf("%s %08x\\n", text, uint32(C.adler32(bytes, C.size_t(len(text)))))
}}
"""

_ROOTS_GO = f"""\
// Command roots tells whether the image has the CA certificates that a TLS client needs.
package main

import (
	"crypto/x509"
	"fmt"
	"os"
)

func main() {{
	roots, err := x509.SystemCertPool()
	if err != nil || roots.Equal(x509.NewCertPool()) {{
		fmt.Fprintln(os.Stderr, "{_DISTRUSTS}")
		os.Exit(1)
	}}
	fmt.Println("{TRUSTS}")
}}
"""


def _runs(expected: str, text: str, *hints: str, needs_c: bool = False) -> Requirement:
    """As `prints`, with the reasons that a base gives a program not to run.

    Args:
        expected: What the program prints.
        text: The requirement.
        hints: Three.
        needs_c: Whether the program cannot do without cgo.
    """
    ask = prints(expected, text).look

    def look(attempt: Attempt) -> Found:
        try:
            ran = attempt.run
        except RunTimeout:
            return ask(attempt)
        if ran.ok:
            return ask(attempt)
        return _of_base(attempt, ran.output, needs_c=needs_c) or ask(attempt)

    return Requirement(text, look, hints)


def _of_base(attempt: Attempt, output: str, *, needs_c: bool) -> Found | None:
    """Say what the base lacks for the program to run; None if it is not known to lack anything."""
    user = attempt.xray.surface.user
    if user.problem:
        return unmet(
            f"the engine does not start the program: {user.problem}. A name must be listed in "
            "/etc/passwd of the image that ships, and scratch has no such file. A number needs no "
            "list: USER 65532:65532.",
            at=attempt.instruction("USER"),
            detail=output,
        )
    missed = _MISSED.search(output)
    if missed:
        return unmet(
            f"the loader runs, and does not find {missed[1]}, a library that the program was "
            "linked to. Bring each file that `ldd` lists in the builder, or link statically, so "
            "that it needs none.",
            at=program.starter(attempt),
            detail=output,
        )
    if _DISTRUSTS in output:
        return _without_certificates(attempt, output)
    path = program.located(attempt) if needs_c and program.command(attempt) else None
    loader = failing.missing_loader(attempt, path) if path else None
    if loader is None:
        return None
    return unmet(
        f"{path} is in the image, but not the loader that it asks for, {loader} of glibc: this "
        "base does not have it. That is the file which the engine's 'no such file' is about. The "
        "program has C in it, so cgo must stay on: take a base with glibc, or let the C compiler "
        "link statically.",
        at=attempt.begins,
        detail=output,
    )


def _without_certificates(attempt: Attempt, output: str) -> Found:
    """Say that a TLS client finds no CA certificates: none are there, or where it does not look."""
    brought = [
        instruction
        for instruction in (attempt.stage.instructions if attempt.stage else ())
        if instruction.keyword in {"ADD", "COPY"} and _BRINGS.search(instruction.value)
    ]
    if brought:
        return unmet(
            "the program starts, and does not find the CA certificates that this is to bring: Go "
            f"looks for the file {_BUNDLE}, which is not there now. Name the whole path, and a "
            "folder with a slash at its end.",
            at=brought[-1],
            detail=output,
        )
    return unmet(
        "the program starts, and finds no CA certificates in this image, so it could not trust "
        f"any server. Take a base that has them, or COPY --from=builder {_BUNDLE} to the same "
        "path, where Go looks for them.",
        at=attempt.begins,
        detail=output,
    )


TASKS = (
    Task(
        id="09-1",
        title="Start the service without a shell in the image",
        app="go-web",
        first="Two lines of this Dockerfile ask for a file that scratch does not have. Find out "
        "which, one after the other.",
        requirements=(
            builds(),
            no_shell(),
            answers(
                _PORT,
                _HEALTH,
                "ok",
                (_HELLO,),
                f"The service starts and answers GET {_HEALTH}.",
            ),
            answers(
                _PORT,
                _HELLO,
                "Hello, Ada!",
                (_HEALTH,),
                f"It answers GET {_HELLO} with a greeting.",
            ),
            starts_without_shell(),
            ships_no_toolchain(),
            ships_no_source(),
        ),
        hints=(
            "Which files must be there before the first line of your program runs? There are two "
            "answers: one for the form of ENTRYPOINT, one for how the program is linked.",
            "Shell form starts /bin/sh. A program built with cgo on and with `net` in it starts "
            "the loader of glibc. Do without both.",
            'CGO_ENABLED=0 before go build, and ENTRYPOINT ["/myapp"] as a list.',
        ),
    ),
    Task(
        id="09-2",
        title="Ship a program that has C in it",
        files={"go.mod": "module example.com/stamp\n\ngo 1.25\n", "main.go": _STAMP_GO},
        first="It builds, and its image does not start. Try what cured the service of 09-1, and "
        "read what the build says.",
        requirements=(
            builds(),
            _runs(
                STAMP,
                f"The image starts the program, which prints its line ({STAMP}).",
                "A program with C in it is linked to a C library when it is built. Which one does "
                "the builder have, and what does your base have?",
                "Two ways lead out: a base with the same C library, or a program that carries its "
                "part of the library in itself (static).",
                "FROM debian:trixie-slim in the last stage. Or, in the builder: go build "
                "-ldflags '-linkmode external -extldflags \"-static\"' -o stamp",
                needs_c=True,
            ),
            ships_no_toolchain(),
            hinted(
                as_small_as_reference(text="It is not larger than a base with glibc makes it."),
                "The .layers of xray(image) show which instruction brings how many bytes.",
                "The program needs its loader and the C library at run time, but neither the "
                "compiler nor the headers. What else is in the largest layer?",
                "Begin the last stage with FROM debian:trixie-slim or a smaller base, and COPY the "
                "program alone.",
            ),
        ),
        hints=(
            "CGO_ENABLED=0 leaves C out, and this program is nothing without it. So what does a "
            "program need that was built with cgo on?",
            "ldd in the builder lists the files. A base with glibc has them; a program that is "
            "linked statically does not need them.",
            "FROM debian:trixie-slim in the last stage. Or, in the builder: go build "
            "-ldflags '-linkmode external -extldflags \"-static\"' -o stamp",
        ),
    ),
    Task(
        id="09-3",
        title="Choose the base for a TLS client",
        files={"go.mod": "module example.com/roots\n\ngo 1.25\n", "main.go": _ROOTS_GO},
        first="Read off the decision table of lesson 09 which bases have what is asked for here, "
        "and what you would have to add to the others. Then write the last stage.",
        requirements=(
            builds(),
            _runs(
                TRUSTS,
                "The image starts the program, which finds CA certificates.",
                "Which files does the program read that it does not bring along?",
                "A TLS client trusts the authorities whose CA certificates it finds in the image. "
                "Not every base has them, and the builder has.",
                f"Take distroless static, or add COPY --from=builder {_BUNDLE} {_BUNDLE} on "
                "scratch. CGO_ENABLED=0 lets the program do without a loader.",
            ),
            no_shell(),
            not_root(),
            ships_no_toolchain(),
            ships_no_source(),
            as_small_as_reference(),
        ),
        hints=(
            "Four needs: CA certificates, no shell, not root, small. Which base meets all four?",
            "distroless static with the tag nonroot has the certificates and the user. On scratch "
            "you bring the certificates yourself, and say who runs.",
            "CGO_ENABLED=0 go build -o roots in the builder, then "
            "FROM gcr.io/distroless/static-debian13:nonroot, COPY --from=builder /app/roots /roots "
            'and ENTRYPOINT ["/roots"].',
        ),
    ),
)
