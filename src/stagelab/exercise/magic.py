"""`%%dockerfile NAME`: write a Dockerfile in a cell, have it linted and, if you like, built."""

from __future__ import annotations

import argparse
import difflib
import keyword
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic_arguments import MagicArgumentParser
from IPython.display import display

from stagelab.builds import DockerfileText, build, lint
from stagelab.exercise import markers
from stagelab.exercise.limits import BUILD_DISK_BYTES, BUILD_SECONDS, CLASSIC_MEMORY_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

_HELP = """\
Write a Dockerfile in a cell: it is linted, and built if you name a folder.

Without a build NAME takes the text, for build(folder, dockerfile=NAME) and
check(task, NAME). With one it takes the Build, whose .dockerfile has the text.
If the build fails or you stop it, NAME keeps the text, never an older result.
A build that does not end, or fills the disk, is stopped.

What hadolint finds is shown below the cell, each at its line; nothing is shown
if it finds nothing. A comment `# hadolint ignore=DL3025` above an instruction
leaves a rule out there.

In the magic's line {expression} and $name become values of Python, and quotes
hold words together. The cell stays as it is: its $ belong to the Dockerfile.

Examples::

  %%dockerfile answer
  %%dockerfile image ../sample-apps/go-hello
  %%dockerfile image . --target builder --build-arg GO_VERSION={version}
  %%dockerfile image . --builder classic --no-cache --tag stagelab/mine
  %%dockerfile text --file work/Dockerfile --no-lint
"""
_FORMS = (
    "Write it as in `%%dockerfile answer`, or to build as in "
    "`%%dockerfile image ../sample-apps/go-hello --target builder`; `%%dockerfile?` tells all."
)
_FOR_BUILDS = ("target", "builder", "build_arg", "tag", "no_cache")


def dockerfile_text(cell: str) -> DockerfileText:
    """Give a cell's Dockerfile: solution markers and starter lines are no part of it.

    Raises:
        ExerciseError: The markers are not in order.
    """
    return DockerfileText(markers.split(cell, where="This cell").reference)


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register the magic; IPython calls this for `%load_ext`."""
    parser = _parser()

    def dockerfile(line: str, cell: str) -> None:
        _carry_out(shell.user_ns, _options(parser, line), dockerfile_text(cell))

    dockerfile.__doc__ = parser.format_help()  # what `%%dockerfile?` shows
    register: Callable[..., None] = shell.register_magic_function
    register(dockerfile, magic_kind="cell")


def _carry_out(names: dict[str, Any], options: argparse.Namespace, text: DockerfileText) -> None:
    """Bind, write, lint and build, in this order: whatever fails, the name has the text."""
    names[options.name] = text
    written = _write(options.file, text) if options.file else None
    if not options.no_lint:
        _show_lint(text, asked=options.lint)
    if options.build:
        names[options.name] = build(
            options.context or ".",
            dockerfile=written or text,
            target=options.target,
            buildargs=options.build_arg,
            tag=options.tag,
            nocache=options.no_cache,
            builder=options.builder or "auto",
            timeout=BUILD_SECONDS,
            disk=BUILD_DISK_BYTES,
            memory=CLASSIC_MEMORY_BYTES if options.builder == "classic" else None,
        )


def _parser() -> MagicArgumentParser:
    parser = MagicArgumentParser(prog="%dockerfile", description=_HELP)
    parser.allow_abbrev = False  # a shortened option may mean another one tomorrow
    add = parser.add_argument
    add("name", metavar="NAME", help="the variable that takes the result")
    add(
        "context",
        metavar="CONTEXT",
        nargs="?",
        help="the folder to build from; naming one asks for the build",
    )
    add("-b", "--build", action="store_true", help="build, from `.` if no folder is named")
    add("--target", metavar="STAGE", help="stop at this stage")
    add(
        "--builder",
        metavar="WHICH",
        choices=("auto", "buildkit", "classic"),
        help="buildkit or classic insist; auto takes BuildKit where the engine has it",
    )
    add(
        "--build-arg",
        metavar="K=V",
        action="append",
        help="a value for an ARG; write it once for each of them",
    )
    add("-t", "--tag", metavar="TAG", help="a name for the image")
    add("--no-cache", action="store_true", help="run every step, even if its result is cached")
    add(
        "--file",
        metavar="PATH",
        help="write the Dockerfile to this file too; one that is there is overwritten",
    )
    add("--lint", action="store_true", help="say so too if the linter finds nothing")
    add("--no-lint", action="store_true", help="do not lint")
    return parser


def _options(parser: MagicArgumentParser, line: str) -> argparse.Namespace:
    """Read the magic's line.

    Raises:
        UsageError: It is not as it should be.
    """
    words = _words(line)
    try:
        options, unknown = parser.parse_known_intermixed_args(words)
    except UsageError as error:
        raise _usage(str(error)) from None
    if unknown:
        raise _usage(_unknown(parser, unknown[0]))
    if not options.name.isidentifier() or keyword.iskeyword(options.name):
        raise _usage(f"{options.name!r} cannot be the name of a variable")
    if options.lint and options.no_lint:
        raise _usage("--lint and --no-lint exclude each other")
    options.build = options.build or options.context is not None
    if not options.build:
        lost = [name for name in _FOR_BUILDS if getattr(options, name)]
        if lost:
            flag = lost[0].replace("_", "-")
            raise _usage(f"--{flag} is for a build: name a folder to build from, or add --build")
    options.build_arg = dict(_pair(given) for given in options.build_arg or ())
    return options


def _words(line: str) -> list[str]:
    """Split a line at blanks, except within quotes; a backslash is a letter as others are.

    Raises:
        UsageError: A quote is not closed.
    """
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split = True
    lexer.commenters = lexer.escape = ""
    try:
        return list(lexer)
    except ValueError:
        raise _usage("a quote is not closed") from None


def _unknown(parser: MagicArgumentParser, word: str) -> str:
    if not word.startswith("-"):
        return f"{word!r} is a word too many; quotes hold words together"
    known = [option for action in parser._actions for option in action.option_strings]  # noqa: SLF001 - argparse has no other list
    shortened = [option for option in known if option.startswith(word)]
    close = shortened or difflib.get_close_matches(word, known, n=1)
    return f"there is no option {word}" + (f"; did you mean {close[0]}" if close else "")


def _pair(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not name or not equals:
        raise _usage(f"--build-arg takes NAME=VALUE, and got {given!r}")
    return name, value


def _usage(what: str, fix: str = _FORMS) -> UsageError:
    return UsageError(f"%%dockerfile: {what.removesuffix('.')}. {fix}")


def _write(name: str, text: str) -> Path:
    """Write the Dockerfile to a file and say so.

    Raises:
        UsageError: It cannot be written there.
    """
    path = Path(name).expanduser().absolute()
    if path.is_dir():
        raise _usage(f"{name!r} is a folder", f"Name a file in it: {Path(name) / 'Dockerfile'}")
    verb = "Overwrote" if path.exists() else "Wrote"
    try:
        path.write_text(text, "utf-8", newline="\n")
    except OSError as error:
        words = f"{name!r} cannot be written: {error.strerror}"
        raise _usage(words, "Name a file in a folder that is there and yours.") from None
    print(f"{verb} {name}")  # noqa: T201 - the cell's output, as %%writefile has it
    return path


def _show_lint(text: str, *, asked: bool) -> None:
    """Show what the linter says, if there is anything to say or it was asked for."""
    said = lint(text)
    unexpected = said.available and not said.linted
    if asked or said.findings or unexpected:
        display(said)
