"""Two or more images side by side: size, layers, contents, what an intruder would find."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any, TypeAlias

from docker.transport import UnixHTTPAdapter

from stagelab._render import Shown
from stagelab.engine import connect
from stagelab.errors import ImageError
from stagelab.image.facts import XRay
from stagelab.image.plain import plain
from stagelab.image.scanners import ScannerFindings, scan
from stagelab.image.source import EngineSource, FileSource, source_of
from stagelab.image.xraying import xray
from stagelab.metrics import NUMBERS, Row, rests_on, rows, scanner_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from os import PathLike

    from docker import DockerClient
    from docker.models.images import Image

    from stagelab.builds.facts import Build

    Thing: TypeAlias = XRay | Image | Build | str | PathLike[str]

_FIELDS = ("metric", "unit")


@dataclass(frozen=True, slots=True)
class Comparison(Shown):
    """Images side by side.

    Attributes:
        names: What each image is called here, each name once.
        xrays: The facts of each image.
        rows: The metrics: size, transfer, layers, reclaimable, files, packages, shells,
            package_managers, compilers, interpreters, network_tools, setuid, setgid,
            world_writable, capabilities, secrets, fixes, user, start, base; one more for each
            scanner that was asked and is installed, by its name.
        bases: For each image a sentence that says on which kind of base its numbers rest.
        scans: For each image what other scanners say of it; empty unless they were asked.
    """

    names: tuple[str, ...]
    xrays: tuple[XRay, ...] = field(repr=False)
    rows: tuple[Row, ...]
    bases: tuple[str, ...]
    scans: tuple[tuple[ScannerFindings, ...], ...] = ()

    def row(self, metric: str) -> Row:
        """Give the row of a metric.

        Raises:
            ImageError: If there is no such metric.
        """
        for row in self.rows:
            if row.metric == metric:
                return row
        raise ImageError(
            f"A comparison has no metric {metric!r}.",
            fix="Use one of: " + ", ".join(row.metric for row in self.rows) + ".",
        )

    def ratio(self, metric: str, *, of: int = 0, to: int = -1) -> float:
        """Tell how many times as much one image has of something as another.

        Args:
            metric: One of the rows with numbers, such as "size".
            of: Place of the image above the line, the first unless told.
            to: Place of the image below the line, the last unless told.

        Returns:
            The quotient; infinity if only the image below the line has none, 1.0 if neither has.

        Raises:
            ImageError: If there is no such metric, its values are words, or one of the two is not
                known.
        """
        row = self.row(metric)
        above, below = row.values[of], row.values[to]
        if isinstance(above, str) or isinstance(below, str):
            raise ImageError(
                f"The metric {metric!r} has words, which have no ratio.",
                fix="Use one of: " + ", ".join(NUMBERS) + ".",
            )
        if above is None or below is None:
            raise ImageError(
                f"The metric {metric!r} is not known of every image, so it has no ratio.",
                fix="See `row(metric).unknown` for the reason.",
                detail=", ".join(filter(None, (row.unknown[of], row.unknown[to]))),
            )
        if not below:
            return inf if above else 1.0
        return above / below

    def to_dict(self) -> dict[str, Any]:
        """Give the comparison as JSON knows it; the facts of each image by `XRay.to_dict`."""
        return {
            "names": list(self.names),
            "rows": plain(self.rows),
            "bases": list(self.bases),
            "scans": plain(self.scans),
        }

    def to_records(self) -> list[dict[str, int | str | None]]:
        """Give a flat dict a metric, as `pandas.DataFrame` takes them.

        Each has `metric`, `unit` ("bytes", "count" or "words"), and each image's value by the
        image's name; None where it is not known.
        """
        return [
            {
                "metric": row.metric,
                "unit": row.unit,
                **dict(zip(self.names, row.values, strict=True)),
            }
            for row in self.rows
        ]


def compare(
    *images: Thing,
    client: DockerClient | None = None,
    names: Sequence[str] | None = None,
    fixes: bool = False,
    scanners: bool = False,
    progress: Callable[[int, int | None], None] | None = None,
) -> Comparison:
    """Put images side by side.

    Args:
        images: X-rays, or anything that `xray` takes; at least one. Those that are no x-rays yet
            are read at once, so that layers which they share are read once.
        client: The engine for references; None for the one that `connect` finds.
        names: What to call them; their tags or references unless told. The second image of a name
            is numbered.
        fixes: Whether to ask the images' distributions for newer versions of their packages, as
            `xray` does; x-rays stay as they are.
        scanners: Whether to ask trivy, grype and docker scout as well, where they are on PATH;
            they may use the network, and take minutes.
        progress: As `xray` takes it.

    Raises:
        ImageError: If there is no image, or not a name for each; else as `xray`.
    """
    if not images or (names is not None and len(names) != len(images)):
        raise ImageError(
            f"There are {len(images)} images and {len(names or ())} names for them.",
            fix="Give images, and no names or one for each: compare(a, b, names=('a', 'b')).",
        )
    wanted = [image for image in images if not isinstance(image, XRay)]
    read = iter(_xrays(wanted, client=client, fixes=fixes, progress=progress))
    xrays = tuple(image if isinstance(image, XRay) else next(read) for image in images)
    called = tuple(_distinct(names if names is not None else [seen.name for seen in xrays]))
    scans = tuple(_scan(image, client) for image in images) if scanners else ()
    return Comparison(
        called,
        xrays,
        (*rows(xrays), *scanner_rows(scans)),
        tuple(f"{name}: {rests_on(seen)}." for name, seen in zip(called, xrays, strict=True)),
        scans,
    )


def _xrays(wanted: Sequence[Any], **options: Any) -> tuple[XRay, ...]:  # noqa: ANN401 - xray's
    if not wanted:
        return ()
    found: XRay | tuple[XRay, ...] = xray(*wanted, **options)
    return found if isinstance(found, tuple) else (found,)


def _distinct(names: Sequence[str]) -> Iterator[str]:
    """Number the second of a name, and names that records have for something else."""
    taken = set(_FIELDS)
    for name in names:
        called, number = name, 2
        while called in taken:
            called, number = f"{name} ({number})", number + 1
        taken.add(called)
        yield called


def _scan(image: Thing, client: DockerClient | None) -> tuple[ScannerFindings, ...]:
    if isinstance(image, XRay):  # an archive's is not on the engine, which its scanners will say
        return scan(image.image_id, docker_host=_address(client or connect()))
    source = source_of(image, client)
    if isinstance(source, FileSource):
        return scan(source.path)
    assert isinstance(source, EngineSource)  # noqa: S101 - there is no third
    return scan(str(source.image_id), docker_host=_address(source.image.client))


def _address(client: DockerClient) -> str:
    """Give an engine's address as DOCKER_HOST names it; "" if it is not known."""
    adapter = client.api.get_adapter(client.api.base_url)
    if isinstance(adapter, UnixHTTPAdapter):
        return f"unix://{adapter.socket_path}"
    scheme, _, place = str(client.api.base_url).partition("://")
    return f"tcp://{place}" if scheme in {"http", "https"} else ""
