from __future__ import annotations

from pathlib import Path

import pytest

from stagelab.engine.candidates import usual_places

HOME = Path("/home/ada")


def urls(platform: str, **environ: str) -> list[str]:
    return [place.url for place in usual_places(platform=platform, environ=environ, home=HOME)]


def test_linux_looks_for_the_system_engine_first_and_knows_every_product() -> None:
    found = urls("linux", XDG_RUNTIME_DIR="/run/user/7")
    assert found[0] == "unix:///var/run/docker.sock"
    for path in (
        "/home/ada/.docker/desktop/docker.sock",
        "/home/ada/.colima/default/docker.sock",
        "/home/ada/.rd/docker.sock",
        "/run/user/7/docker.sock",
        "/run/user/7/podman/podman.sock",
        "/run/podman/podman.sock",
    ):
        assert f"unix://{path}" in found


def test_macos_knows_desktop_orbstack_and_podman() -> None:
    found = urls("darwin", TMPDIR="/var/folders/x")
    assert "unix:///home/ada/.docker/run/docker.sock" in found
    assert "unix:///home/ada/.orbstack/run/docker.sock" in found
    assert "unix:///var/folders/x/podman/podman-machine-default-api.sock" in found


def test_windows_has_pipes_only() -> None:
    found = urls("win32")
    assert found[0] == "npipe:////./pipe/docker_engine"
    assert all(url.startswith("npipe:") for url in found)


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_no_place_is_listed_twice(platform: str) -> None:
    found = urls(platform, COLIMA_HOME="/home/ada/.colima")
    assert len(found) == len(set(found))
