"""Remove from an engine what the course put there, and only that.

Ours is what carries the course's label or is in the ledger. An image built upon ours inherits the
label, so a label alone does not make an image ours: its names must be ours too. A container of
such an image inherits it as well: one that is ours has a label with its own name, or of another
session than its image's.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import docker
from docker.errors import APIError, NotFound
from docker.models.containers import Container

from stagelab import _home
from stagelab._render import Shown
from stagelab.engine import buildcache, ledger
from stagelab.engine.connecting import connect, is_own_engine
from stagelab.engine.labels import COURSE_LABEL, NAME_LABEL, SESSION_LABEL, TAG_PREFIX, session
from stagelab.engine.ledger import RecordedBase, RecordedBuild, RecordedImage
from stagelab.engine.lost import watched


@dataclass(frozen=True, slots=True)
class Cleaned(Shown):
    """What was removed, or with `dry_run` would be.

    Args:
        containers: Their names.
        images: Their names, or IDs where they had none.
        volumes: Their names.
        networks: Their names.
        build_cache: How many records of the build cache.
        freed_bytes: Bytes that the build cache gave back (0 with `dry_run`).
        kept: What carries our label but is somebody else's, or is still needed, and why.
        dry_run: Nothing was removed.
    """

    containers: tuple[str, ...]
    images: tuple[str, ...]
    volumes: tuple[str, ...]
    networks: tuple[str, ...]
    build_cache: int
    freed_bytes: int
    kept: tuple[tuple[str, str], ...]
    dry_run: bool

    @property
    def total(self) -> int:
        """How many objects in all."""
        lists = (self.containers, self.images, self.volumes, self.networks)
        return sum(map(len, lists)) + self.build_cache


@dataclass(slots=True)
class _Sweep:
    """One clean-up under way."""

    client: docker.DockerClient
    session: str | None
    dry_run: bool
    kept: list[tuple[str, str]] = field(default_factory=list)
    used: dict[str, str] = field(default_factory=dict)
    """Images of containers that stay, by ID, each with a container's name."""

    def filters(self) -> dict[str, Any]:
        labels = [f"{COURSE_LABEL}=1"]
        if self.session is not None:
            labels.append(f"{SESSION_LABEL}={self.session}")
        return {"label": labels}

    def of_session(self, record: ledger.Record) -> bool:
        return self.session is None or record.session == self.session

    def remove(self, name: str, action: Callable[[], object]) -> bool:
        """Do it unless this is a dry run; what is gone already is as good as removed."""
        if self.dry_run:
            return True
        try:
            action()
        except NotFound:
            return True
        except APIError as error:
            self.kept.append((name, str(error.explanation or error)))
            return False
        return True


@watched("the clean-up")
def clean(
    client: docker.DockerClient,
    *,
    session: str | None = None,
    build_cache: bool = True,
    cache: bool = False,
    dry_run: bool = False,
) -> Cleaned:
    """Remove containers, images, volumes, networks and build cache that the course made.

    Args:
        client: The engine.
        session: Only what this session made, and no base images; None is everything.
        build_cache: Also what the builds left in the engine's build cache.
        cache: Also empty the course's cache folder (stand-in archives, image facts).
        dry_run: Remove nothing, only tell.

    Returns:
        What was (would be) removed and what was left, and why.
    """
    sweep = _Sweep(client, session, dry_run)
    records = [
        record
        for record in ledger.records(client)
        if sweep.of_session(record) and (session is None or not isinstance(record, RecordedBase))
    ]
    foreign = _foreign_images(sweep)
    containers = _containers(sweep)
    images = _images(sweep, records, foreign)
    volumes = _labelled(sweep, client.volumes.list(filters=sweep.filters()))
    networks = _labelled(sweep, client.networks.list(filters=sweep.filters()))
    count, freed = _build_cache(sweep) if build_cache else (0, 0)
    if not dry_run:
        ledger.rewrite(client, _needed(sweep, build_cache=build_cache))
        if cache:
            shutil.rmtree(_home.cache_dir(), ignore_errors=True)
    return Cleaned(containers, images, volumes, networks, count, freed, tuple(sweep.kept), dry_run)


def tidy() -> Cleaned:
    """Remove the containers and images that this process made, as at the end of a lesson.

    Base images and the build cache stay, so that the next lesson is quick.

    Raises:
        EngineError: The engine cannot be reached.
    """
    return clean(connect(), session=session(), build_cache=False)


def _foreign_images(sweep: _Sweep) -> tuple[str, ...]:
    """IDs of images that only inherited our label: they carry a name that is not ours."""
    bases = {
        record.reference
        for record in ledger.records(sweep.client)
        if isinstance(record, RecordedBase)
    }
    foreign = []
    for image in sweep.client.api.images(filters=sweep.filters()):
        tags = [tag for tag in image.get("RepoTags") or () if tag != "<none>:<none>"]
        others = [tag for tag in tags if not tag.startswith(TAG_PREFIX) and tag not in bases]
        if others:
            foreign.append(str(image["Id"]))
            sweep.kept.append((", ".join(others), "built upon an image of the course, not by it"))
    return tuple(foreign)


def _is_ours(client: docker.DockerClient, container: Container) -> bool:
    """Tell whether a container has our labels by itself, not from its image."""
    if container.labels.get(NAME_LABEL) == container.name:
        return True
    try:
        inherited = client.api.inspect_image(container.attrs["Image"])["Config"].get("Labels") or {}
    except (NotFound, KeyError):
        return False
    return bool(container.labels.get(SESSION_LABEL) != inherited.get(SESSION_LABEL))


def _containers(sweep: _Sweep) -> tuple[str, ...]:
    """Remove our containers; one that inherited our labels from its image is somebody else's."""
    removed = []
    for container in sweep.client.containers.list(
        all=True, filters=sweep.filters(), ignore_removed=True
    ):
        if not _is_ours(sweep.client, container):
            sweep.kept.append((container.name, "runs an image of the course, not started by it"))
            sweep.used[str(container.attrs.get("Image", ""))] = container.name
        elif sweep.remove(container.name, partial(container.remove, force=True, v=True)):
            removed.append(container.name)
    return tuple(removed)


def _labelled(sweep: _Sweep, found: Iterable[Any]) -> tuple[str, ...]:
    return tuple(each.name for each in found if sweep.remove(each.name, each.remove))


def _images(
    sweep: _Sweep, records: Iterable[ledger.Record], foreign: Iterable[str]
) -> tuple[str, ...]:
    """Remove the images' names that are ours, then those of the images that have none left."""
    bases = {
        record.reference: record.image_id for record in records if isinstance(record, RecordedBase)
    }
    identities = [
        str(image["Id"]) for image in sweep.client.api.images(all=True, filters=sweep.filters())
    ]
    identities += [record.image_id for record in records if isinstance(record, RecordedImage)]
    identities += bases.values()
    removed: list[str] = []
    ours = [identity for identity in dict.fromkeys(identities) if identity not in foreign]
    used = [identity for identity in ours if identity in sweep.used]
    sweep.kept += [(_short(image), f"the container {sweep.used[image]} uses it") for image in used]
    left = [identity for identity in ours if identity not in sweep.used]
    left += foreign  # only their names below ours go
    while left:
        attempts = [(identity, _remove_image(sweep, identity, bases)) for identity in left]
        removed += [name for _, (names, _) in attempts for name in names]
        refused = {identity: why for identity, (_, why) in attempts if why}
        if len(refused) == len(left):  # none of them is waiting for another of them any more
            sweep.kept += [(_short(identity), why) for identity, why in refused.items()]
            break
        left = list(refused)
    return tuple(removed)


def _remove_image(
    sweep: _Sweep, identity: str, bases: dict[str, str]
) -> tuple[list[str], str | None]:
    """Remove one image's names that are ours, and the image if it has no other.

    Several kernels give the same names, and each name is that of the last image that got it. So
    the image goes by its ID, with its last name: that name may be another image's by now.

    Returns:
        What was removed, and why the engine refused, None if it did not.
    """
    try:
        tags = list(sweep.client.images.get(identity).tags)
    except NotFound:
        return [], None
    ours = [tag for tag in tags if tag.startswith(TAG_PREFIX) or bases.get(tag) == identity]
    names = {tag: tag for tag in ours}
    if len(ours) == len(tags):
        names[ours[-1] if ours else identity] = identity
    removed: list[str] = []
    for name, target in names.items():
        if not sweep.dry_run:
            try:
                if target != identity and sweep.client.images.get(target).id != identity:
                    continue
                # "noprune": its untagged parents may be somebody else's
                sweep.client.api.remove_image(target, noprune=True)
            except NotFound:
                continue
            except APIError as error:
                return removed, str(error.explanation or error)
        removed.append(_short(name))
    return removed, None


def _build_cache(sweep: _Sweep) -> tuple[int, int]:
    """Remove our records of the build cache; gives how many, and the bytes freed."""
    found = buildcache.cache_records(sweep.client)
    everything = sweep.session is None and is_own_engine(sweep.client)
    if not everything:
        found = _of_session(sweep, found)
    if sweep.dry_run or not found:
        return len(found), 0
    if everything:
        return len(found), buildcache.prune_all(sweep.client)
    return len(found), buildcache.prune(sweep.client, [record["ID"] for record in found])


def _of_session(sweep: _Sweep, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep what the session's builds created; what may be of another one that ran then is not."""
    builds = [each for each in ledger.records(sweep.client) if isinstance(each, RecordedBuild)]
    ours = buildcache.ours(found, [each for each in builds if sweep.of_session(each)])
    others = buildcache.ours(ours, [each for each in builds if not sweep.of_session(each)])
    theirs = {id(record) for record in others}
    return [record for record in ours if id(record) not in theirs]


def _needed(sweep: _Sweep, *, build_cache: bool) -> Callable[[ledger.Record], bool]:
    """Make a test of records: is what it speaks of still on the engine?

    Args:
        sweep: The clean-up, at its end.
        build_cache: Whether to look at the build cache as well, which takes the engine a while;
            if not, records of builds are kept.
    """
    seen = set(ledger.records(sweep.client))  # what comes later is of another kernel, and needed
    images = {str(image["Id"]) for image in sweep.client.api.images(all=True)}
    found = buildcache.cache_records(sweep.client) if build_cache else []
    builds = buildcache.History(found)
    left = buildcache.History(_of_session(sweep, found))

    def needed(record: ledger.Record) -> bool:
        if record not in seen:
            return True
        if isinstance(record, RecordedBuild):
            history = left if sweep.of_session(record) else builds
            return not build_cache or any(True for _ in history.made_by(record))
        return record.image_id in images

    return needed


def _short(name: str) -> str:
    """Shorten an ID as the `docker` command does; a name stays as it is."""
    return name.removeprefix("sha256:")[:12] if name.startswith("sha256:") else name
