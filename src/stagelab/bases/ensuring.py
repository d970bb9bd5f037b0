"""Make base images present on an engine, by the first way that works.

The ways, in this order: it is there · a bundle holds it · a stand-in of it is in the cache · the
registry gives it · a stand-in is made. Stand-ins take official names on the course's own engine,
elsewhere only on demand: on a learner's engine the names belong to the learner.

Of several kernels that miss bases at once, one gets them and the others wait: a registry counts
every pull, and making stand-ins takes all of a machine.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import docker
from docker.errors import APIError

from stagelab import _home
from stagelab.bases.base import Base, Origin, look
from stagelab.bases.bundle import VARIABLE, bundled
from stagelab.bases.catalog import CatalogueEntry, catalogue, entry
from stagelab.bases.loading import load
from stagelab.bases.progress import Progress, silent
from stagelab.bases.pull import pull
from stagelab.bases.refusals import registry_of
from stagelab.bases.standin import cached, make
from stagelab.engine import is_own_engine, ledger
from stagelab.engine.lock import locked
from stagelab.engine.lost import watched
from stagelab.errors import BaseUnavailable, PullFailed, StandInFailed

_PATIENCE = 30.0
_PATIENCE_WITH_FALLBACK = 8.0
_PATIENCE_AFTER_FAILURE = 4.0
"""Seconds for a registry's first answer: long where nothing else helps, short where it does, and
shorter still when another registry has been found out of reach."""

_LONGEST_TURN = 3600.0
"""Seconds after which another kernel that is still getting bases is not waited for any more."""


@dataclass(slots=True)
class _Search:
    """The bases that are still missing, and what was learned on the way."""

    client: docker.DockerClient
    missing: dict[str, CatalogueEntry]
    allowed: bool
    progress: Progress
    architecture: str
    found: dict[str, Base] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    refused: dict[str, PullFailed] = field(default_factory=dict)

    def settle(self, names: Iterable[str], origin: Origin) -> None:
        """Move those that are present by now from the missing to the found."""
        for name in names:
            if base := look(self.client, self.missing[name], origin):
                self.found[name] = base
                del self.missing[name]
                ledger.record_base(self.client, base.image_id, base.reference)


def ensure(
    client: docker.DockerClient,
    *names: str,
    stand_ins: bool | None = None,
    progress: Progress | None = None,
) -> dict[str, Base]:
    """Make base images present under their official references; what is there stays as it is.

    Args:
        client: The engine's.
        names: Short names of the catalogue; none means all.
        stand_ins: Whether stand-ins may take official names; None means on the course's own
            engine only.
        progress: Gets messages, and bytes where they are known.

    Raises:
        BaseUnavailable: One is not there and cannot be had; says what to do.
        PullFailed: The engine's disk is full.
        EngineUnreachable: The engine went away meanwhile.
    """
    ways = (_from_bundles, _from_cache, _from_registries, _from_packages)
    with watched("the search for base images", client):
        return _ensure(client, names, stand_ins, progress, ways)


def ensure_stand_ins(
    client: docker.DockerClient, *names: str, progress: Progress | None = None
) -> dict[str, Base]:
    """Make stand-ins for those that are not there, without asking a registry.

    Arguments and errors as of `ensure`.
    """
    with watched("the search for base images", client):
        return _ensure(client, names, True, progress, (_from_cache, _from_packages))  # noqa: FBT003  # private


def pull_official(
    client: docker.DockerClient, *names: str, progress: Progress | None = None
) -> dict[str, Base]:
    """Pull official images, the newest under their references; stand-ins give up their names.

    Raises:
        PullFailed: A registry or the way to it refused.
    """
    pulled = {}
    for one in _entries(names):
        before = look(client, one, "local")
        pull(client, one.reference, progress=progress or silent)
        if base := look(client, one, "pulled"):
            pulled[one.name] = base
            if before is None or before.kind == "stand-in":  # else it was there, and is not ours
                ledger.record_base(client, base.image_id, base.reference)
            if before and before.kind == "stand-in" and before.image_id != base.image_id:
                _remove_nameless(client, before.image_id)
    return pulled


def _remove_nameless(client: docker.DockerClient, image_id: str) -> None:
    """Remove a stand-in that lost its only name; it stays if something was built on it."""
    with contextlib.suppress(APIError):
        if not client.images.get(image_id).tags:
            client.images.remove(image_id)


def _ensure(
    client: docker.DockerClient,
    names: tuple[str, ...],
    stand_ins: bool | None,  # noqa: FBT001  # private
    progress: Progress | None,
    ways: tuple[Callable[[_Search], None], ...],
) -> dict[str, Base]:
    entries = _entries(names)
    found = _present(client, entries)
    if len(found) < len(entries):
        with _turn(progress or silent):
            found = _present(client, entries)  # another kernel may have brought them meanwhile
            search = _Search(
                client,
                {one.name: one for one in entries if one.name not in found},
                allowed=is_own_engine(client) if stand_ins is None else stand_ins,
                progress=progress or silent,
                architecture=str(client.version()["Arch"]),
            )
            for way in ways:
                if search.missing:
                    way(search)
        if search.missing:
            raise _unavailable(search)
        found |= search.found
    return {one.name: found[one.name] for one in entries}


def _present(client: docker.DockerClient, entries: Iterable[CatalogueEntry]) -> dict[str, Base]:
    looked = {one.name: look(client, one, "local") for one in entries}
    return {name: base for name, base in looked.items() if base is not None}


@contextlib.contextmanager
def _turn(progress: Progress) -> Iterator[None]:
    """Wait until no other process gets bases; where no lock can be written, nobody waits."""
    lock = _home.data_dir() / "bases.lock"
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(lock, timeout=0))
        except TimeoutError:
            progress("Waiting for another kernel that gets the base images", None, None)
            with contextlib.suppress(OSError):
                stack.enter_context(locked(lock, timeout=_LONGEST_TURN))
        except OSError:
            pass
        yield


def _entries(names: tuple[str, ...]) -> list[CatalogueEntry]:
    return [entry(name) for name in dict.fromkeys(names)] or list(catalogue().values())


def _from_bundles(search: _Search) -> None:
    archives, notes = bundled()
    search.notes += notes
    for archive in archives:
        wanted = [
            name for name, one in search.missing.items() if one.reference in archive.references
        ]
        if not wanted:
            continue
        if search.architecture not in archive.architectures:
            search.notes.append(
                f"{archive.path} is for {', '.join(sorted(archive.architectures))}, "
                f"the engine is {search.architecture}."
            )
        elif archive.stand_ins and not search.allowed:
            search.notes.append(f"{archive.path} holds stand-ins, which were not asked for.")
        else:
            load(search.client, archive.path, archive.references, search.progress)
            search.settle(wanted, "bundle")


def _from_cache(search: _Search) -> None:
    """Take stand-ins that were made before: this machine had no registry, so none is asked."""
    if not search.allowed:
        return
    for name, one in list(search.missing.items()):
        if path := cached(one, search.architecture):
            load(search.client, path, [one.reference], search.progress)
            search.settle([name], "made")


def _from_registries(search: _Search) -> None:
    patience = _PATIENCE_WITH_FALLBACK if search.allowed else _PATIENCE
    for name, one in list(search.missing.items()):
        registry = registry_of(one.reference)
        if registry in search.refused:
            continue
        try:
            pull(search.client, one.reference, patience=patience, progress=search.progress)
        except PullFailed as error:
            if error.scope == "engine":
                raise
            search.refused[registry if error.scope == "registry" else name] = error
            if error.scope == "registry":
                patience = _PATIENCE_AFTER_FAILURE
        else:
            search.settle([name], "pulled")


def _from_packages(search: _Search) -> None:
    if not search.allowed:
        return
    try:
        paths = make(list(search.missing.values()), search.architecture, search.progress)
    except StandInFailed as error:
        raise _unavailable(search, error) from error
    for name, path in paths.items():
        load(search.client, path, [search.missing[name].reference], search.progress)
        search.settle([name], "made")


def _unavailable(search: _Search, failed: StandInFailed | None = None) -> BaseUnavailable:
    missing = ", ".join(one.reference for one in search.missing.values())
    errors = [*search.refused.values(), *([failed] if failed else [])]
    causes = [f"Not on the engine, and not to be had: {missing}."]
    causes += [error.cause for error in errors]
    cures = [error.fix for error in errors]
    cures.append(
        f"Or get image archives from somebody who has them and set {VARIABLE} to their folder."
    )
    if not search.allowed:
        names = " ".join(search.missing)
        cures.append(
            "Or, on Debian or Ubuntu, let the course make stand-ins, which then have these names "
            f"on your engine: ./course bases stand-ins {names}"
        )
    details = [*search.notes, *(error.detail for error in errors if error.detail)]
    return BaseUnavailable(
        " ".join(causes), fix="\n".join(dict.fromkeys(cures)), detail="\n".join(details)
    )
