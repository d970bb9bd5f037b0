"""X-rays of images on a real engine, against what the engine and the programs inside say."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stagelab.comparison import compare
from stagelab.engine.labels import labels
from stagelab.errors import ImageNotFound
from stagelab.image import xray
from stagelab.image.inspection import configuration
from tests.recorder import TOOL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from docker import DockerClient
    from docker.models.images import Image

    from stagelab.bases import Base


LEAKY = """\
FROM alpine:3.22
RUN mkdir /srv/d && echo open-sesame > /srv/secret && echo 1 > /srv/d/one \\
 && ln /srv/secret /srv/d/two
RUN rm /srv/secret && chmod 600 /srv/d/one
RUN rm -r /srv/d && mkdir /srv/d && echo 3 > /srv/d/three
USER 65532
"""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def own_cache(bases: dict[str, Base], cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep facts apart from the user's, once the bases are there."""
    assert bases
    monkeypatch.setenv("STAGELAB_HOME", str(cache))


@pytest.fixture
def make(
    client: DockerClient,
) -> Iterator[Callable[[str], Image]]:
    """Build Dockerfiles with the classic builder; what they made is removed."""
    made: list[str] = []

    def build(dockerfile: str) -> Image:
        with tempfile.TemporaryDirectory() as context:
            Path(context, "Dockerfile").write_text(dockerfile)
            image, _ = client.images.build(path=context, rm=True, forcerm=True, labels=labels())
        made.append(str(image.id))
        return image

    yield build
    for image_id in made:
        client.images.remove(image_id, force=True)


def test_layers_waste_and_history_of_a_real_build(make: Callable[[str], Image]) -> None:
    image = make(LEAKY)
    seen = xray(image)
    assert [layer.diff_id for layer in seen.layers if not layer.empty] == image.attrs["RootFS"][
        "Layers"
    ]
    assert len(seen.layers) == len(image.history())
    assert seen.waste.reclaimable_bytes == seen.size_bytes - seen.merged_bytes
    assert seen.files == sum(layer.added - layer.removed for layer in seen.layers)
    changes = [change.what for change in seen.history_of("/srv/secret")]
    assert changes == ["added", "removed"]
    assert (seen.surface.user.number, seen.surface.user.root) == (65532, False)


def test_a_deleted_secret_is_still_read_from_its_layer(make: Callable[[str], Image]) -> None:
    seen = xray(make(LEAKY))
    wrote, removed = seen.history_of("/srv/secret")
    assert "open-sesame" in wrote.instruction
    assert removed.instruction.startswith("RUN rm /srv/secret")
    assert seen.read("/srv/secret", layer=wrote.layer) == b"open-sesame\n"
    assert seen.read("/srv/d/two", layer=wrote.layer) == b"open-sesame\n"
    assert "/srv/secret" not in seen.tree
    # The bytes had two names, so they are hidden only where the second one went.
    item = next(item for item in seen.waste.worst if item.path == "/srv/d/two")
    assert (item.size_bytes, item.wrote, item.hidden_by) == (12, wrote.layer, removed.layer + 1)


def test_packages_and_programs_of_the_toolchain(
    client: DockerClient, bases: dict[str, Base]
) -> None:
    reference = bases["golang"].reference

    def inside(*command: str) -> str:
        said = client.containers.run(
            reference,
            list(command),
            entrypoint=[],
            remove=True,
            network_mode="none",
            labels=labels() | TOOL,
        )
        return str(said.decode())

    first: list[int] = []
    seen = xray(reference, client=client, progress=lambda done, _: first.append(done))
    assert first
    more: list[int] = []
    again = xray(reference, client=client, progress=lambda done, _: more.append(done))
    assert not more  # known layers are not read again
    assert again.layers == seen.layers

    listed = inside("dpkg-query", "-W", "-f", "${Package} ${Version}\n").splitlines()
    assert {f"{item.name} {item.version}" for item in seen.packages} == set(listed)
    surface = seen.surface
    assert "/usr/local/go/bin/go" in [item.path for item in surface.compilers]
    assert any("gcc" in item.path for item in surface.compilers)
    assert "/usr/bin/apt-get" in [item.path for item in surface.package_managers]
    assert "/usr/bin/su" in [item.path for item in surface.setuid]


def test_compare_on_the_engine(client: DockerClient, bases: dict[str, Base]) -> None:
    names = ("golang", "alpine")
    found = compare(*(bases[name].reference for name in names), names=names, client=client)
    assert found.ratio("size") > 10
    assert found.ratio("compilers") > 1
    assert all(xrayed.stand_in for xrayed in found.xrays) == all(
        bases[name].kind == "stand-in" for name in names
    )


def test_no_such_image(client: DockerClient) -> None:
    with pytest.raises(ImageNotFound) as caught:
        xray("stagelab/none:such", client=client)
    assert "docker image ls" in caught.value.fix
    with pytest.raises(Exception, match="spelling"):
        xray("NOT A:REFERENCE", client=client)


@pytest.mark.parametrize("builder", ["buildkit", "classic"])
def test_the_engine_tells_the_same_configuration_as_the_image(
    client: DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, builder: str
) -> None:
    from stagelab.builds import build  # noqa: PLC0415 - only here

    text = LEAKY + 'WORKDIR /srv\nWORKDIR /new\nRUN true\nENV A=1\nCMD ["x"]\n'
    built = build(tmp_path, dockerfile=text, builder=builder, client=client)  # type: ignore[arg-type]
    try:
        first = xray(built)  # read: its layers are not known yet
        monkeypatch.setattr("stagelab.image.cache.load_config", lambda _: None)
        told = configuration(built.image)
        again = xray(built)
        assert told is not None or builder == "classic"  # a classic RUN may make no layer
        assert list(again.tree) == list(first.tree)
        assert again.layers == first.layers
    finally:
        client.images.remove(built.image.id, force=True)
