"""Why a program did not start, said by case; the image is made up, no engine is asked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from stagelab.exercise.attempt import Attempt
from stagelab.exercise.failing import why_not
from stagelab.exercise.requirements import builds, prints, starts_without_shell
from stagelab.exercise.tasks import TASKS, lesson01
from stagelab.image import Entry

HEAD = "FROM golang:1.27 AS work\nWORKDIR /app\nCOPY . .\nRUN go build -o myapp\n"
SHELL = ["/bin/sh", "-c"]
READ_ONLY = "open /root/.cache/x: read-only file system"


def attempt(start: str, words: list[str], *paths: str, base: str = "alpine:3.22") -> Attempt:
    """An answer that has been built: its image starts `words` and has programs at `paths`."""
    made = Attempt(TASKS["01-1"], f"{HEAD}FROM {base}\nCOPY --from=work /app/myapp /app/\n{start}")
    entries = [Entry(path, "file", 1, 0o755, 0, 0, "", 0) for path in paths]
    config = {"Entrypoint": words, "WorkingDir": "/app", "Env": ["PATH=/usr/bin:/bin"]}
    ours = [
        SimpleNamespace(path=path, module="example/go-hello", loader_present=True)
        for path in paths
        if path.startswith("/app/")
    ]
    made.once("build", lambda: SimpleNamespace(image=SimpleNamespace(attrs={"Config": config})))
    made.once(
        "xray",
        lambda: SimpleNamespace(
            tree=entries,
            binaries=ours,
            file=lambda path: next((entry for entry in entries if entry.path == path), None),
        ),
    )
    return made


def said(*args: Any, output: str = "", **kwargs: Any) -> str:  # noqa: ANN401
    found = why_not(attempt(*args, **kwargs), output)
    assert found.ok is False
    assert found.at is not None
    assert found.at.line == 7
    assert found.detail == output
    return found.words


def test_a_bare_name_is_looked_for_in_path_only() -> None:
    assert said('ENTRYPOINT ["myapp"]', ["myapp"], "/app/myapp", "/bin/sh") == (
        "`myapp` has no slash, so the engine looks for it in the folders of PATH only. It is at "
        '/app/myapp: write ["./myapp"] or ["/app/myapp"].'
    )
    assert said('ENTRYPOINT ["myapp"]', ["myapp"], "/opt/myapp").endswith('write ["/opt/myapp"].')
    assert "no such file is in the image" in said('ENTRYPOINT ["myapp"]', ["myapp"], "/bin/sh")


def test_a_path_that_is_not_there_tells_where_the_program_is() -> None:
    words = said('ENTRYPOINT ["/myapp"]', ["/myapp"], "/app/myapp")
    assert words.startswith("this is to start '/myapp', and no such file is in the image. The ")
    assert '/app/myapp: write ["./myapp"] or ["/app/myapp"].' in words
    assert "Name the program where COPY has put it" in said('CMD ["/myapp"]', ["/myapp"])


@pytest.mark.parametrize("name", ["cat", "/bin/cat"])
def test_a_tool_that_the_base_does_not_have(name: str) -> None:
    ours = "/app/myapp"
    assert said(f'CMD ["{name}", "/x"]', [name, "/x"], ours, base="scratch") == (
        f"`{name}` is not in this image: scratch has no tools. Choose a base that has it."
    )
    assert said(f'CMD ["{name}", "/x"]', [name, "/x"], ours) == (
        f"`{name}` is not in this image. Choose a base that has it."
    )


@pytest.mark.parametrize(
    ("start", "needs"),
    [
        ("ENTRYPOINT ['./myapp']", "double quotes."),
        ("ENTRYPOINT [./myapp]", "double quotes."),
        ("ENTRYPOINT [ './myapp' ]", "double quotes."),
        ('ENTRYPOINT ["./myapp"', "double quotes round each word, commas"),
        ('ENTRYPOINT ["./myapp",]', "double quotes round each word, commas"),
    ],
)
def test_a_list_that_is_no_json(start: str, needs: str) -> None:
    made = attempt(start, [*SHELL, start.partition(" ")[2]], "/bin/sh", "/app/myapp")
    found = why_not(made, "/bin/sh: 1: [./myapp]: not found")
    assert found.words.startswith(f"A list is JSON: it needs {needs}")
    assert found.words.endswith("Docker took this line for a shell command.")
    assert starts_without_shell().look(made).words == found.words


def test_a_broken_list_that_the_shell_takes_without_complaint_is_told_too() -> None:
    made = attempt("CMD [ './myapp' ]", [*SHELL, "[ './myapp' ]"], "/bin/sh", "/bin/[")
    made.once("run", lambda: SimpleNamespace(ok=True, stdout="", output=""))
    assert "double quotes" in prints("Hello", "It prints.").look(made).words


def test_a_test_of_the_shell_is_no_broken_list() -> None:
    line = "[ -f /x ] && ./myapp"
    found = why_not(attempt(f"CMD {line}", [*SHELL, line], "/bin/sh", "/bin/["), "no")
    assert "A list is JSON" not in found.words


@pytest.mark.parametrize(
    "output",
    [
        "/bin/sh: 1: myapp: not found",
        "/bin/sh: myapp: not found",
        "sh: exec: line 0: myapp: not found",
        "sh: 1: exec: myapp: not found",
        "bash: line 1: myapp: command not found",
        "bash: myapp: command not found",
    ],
)
def test_what_the_shell_does_not_find(output: str) -> None:
    line = "cd / && myapp"
    assert said(f"CMD {line}", [*SHELL, line], "/bin/sh", "/app/myapp", output=output) == (
        "The shell does not find `myapp`. It is at /app/myapp: write ./myapp or /app/myapp."
    )
    assert "where COPY has put it" in said(f"CMD {line}", [*SHELL, line], "/bin/sh", output=output)


def test_what_the_shell_does_not_find_and_nothing_has() -> None:
    words = said("CMD myap", [*SHELL, "myap"], "/bin/sh", output="/bin/sh: myap: not found")
    assert words == "The shell does not find `myap`. No program of this name is in the image."


def test_a_program_that_a_shell_starts_and_that_fails_is_named() -> None:
    words = said("CMD ./myapp", [*SHELL, "./myapp"], "/bin/sh", "/app/myapp", output="x: not found")
    assert words == "this is to start /app/myapp, and it failed. Its own words are below."
    words = said("CMD cd /x && y", [*SHELL, "cd /x && y"], "/bin/sh", output="cd: no /x")
    assert words == "this starts a shell, and it failed. Its own words are below."


def test_a_shell_that_is_not_there() -> None:
    says = "this starts a shell, and `/bin/sh` is not in this image: scratch has no tools. "
    assert said("CMD ./myapp", [*SHELL, "./myapp"], "/app/myapp", base="scratch") == (
        f'{says}Write ["./myapp"] or ["/app/myapp"], which needs none.'
    )
    assert said("CMD cat x", [*SHELL, "cat x"], "/app/myapp", base="scratch") == (
        f"{says}Choose a base that has it."
    )


def test_the_cage_is_named_where_writing_fails() -> None:
    words = said('CMD ["go", "run", "."]', ["go", "run", "."], "/usr/bin/go", output=READ_ONLY)
    assert words.endswith("/tmp only: compile in the build (RUN go build), not at the start.")
    words = said('CMD ["sh"]', ["sh"], "/bin/sh", output=READ_ONLY)
    assert words.endswith("/tmp only: write files in the build, with RUN, not at the start.")


@pytest.mark.parametrize(
    ("start", "words", "says"),
    [
        ("ENTRYPOINT ./myapp", [*SHELL, "./myapp"], "The engine starts a shell, and the shell "),
        (
            "ENTRYPOINT exec ./myapp",
            [*SHELL, "exec ./myapp"],
            "The engine starts a shell, and `exec` puts your program in its place. The image still "
            "needs a shell",
        ),
        (
            'CMD ["sh", "-c", "./myapp"]',
            ["sh", "-c", "./myapp"],
            "This list starts a shell, and the shell your program. The image then needs a shell, "
            "and whether a signal reaches your program depends on that shell. Name the program",
        ),
    ],
)
def test_a_shell_in_between_is_told_as_it_is(start: str, words: list[str], says: str) -> None:
    found = starts_without_shell().look(attempt(start, words, "/bin/sh", "/app/myapp"))
    assert found.words.startswith(says)


def test_a_tool_of_the_base_is_not_the_program() -> None:
    made = attempt('CMD ["go", "run", "."]', ["go", "run", "."], "/usr/bin/go", "/app/myapp")
    found = lesson01._lies_in_app(made)
    assert found.at is not None
    assert found.at.keyword == "CMD"
    assert "this starts /usr/bin/go, a tool of the base image" in found.words


def test_followers_of_a_stage_without_its_name_wait() -> None:
    unnamed = Attempt(TASKS["02-1"], "ARG GO_VERSION=1.27\nFROM golang:${GO_VERSION}\nCOPY . .\n")
    looks = [requirement.look(unnamed) for requirement in TASKS["02-1"].requirements]
    assert [found.ok for found in looks] == [False, None, None, None]
    assert "Without a name a stage has only its number" in looks[0].words
    assert builds().look(unnamed).ok is None


def test_a_program_that_was_stopped_is_told_why() -> None:
    output = "working\nStopped: It needed more than the 256m of memory that it has.\n"
    words = said('ENTRYPOINT ["./myapp"]', ["./myapp"], "/app/myapp", output=output)
    assert words == (
        "this was started, and stopped. It needed more than the 256m of memory that it has."
    )
    told = said('ENTRYPOINT ["./myapp"]', ["./myapp"], "/app/myapp", output="Stopped: by me\nx\n")
    assert "Its own words are below" in told


def test_a_program_that_starts_too_many_processes_is_told_of_the_cage() -> None:
    output = "runtime: may need to increase max user processes\nfatal error: newosproc\n"
    words = said('ENTRYPOINT ["./myapp"]', ["./myapp"], "/app/myapp", output=output)
    assert "128 processes and threads, and it wanted more" in words
