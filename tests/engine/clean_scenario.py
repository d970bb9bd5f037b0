"""Run in a namespace of its own: decoys, then the course's objects, then `clean`; prints facts."""

from __future__ import annotations

import io
import json
import sys
import tarfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import docker

from stagelab.builds import build
from stagelab.engine import buildcache, clean, connect, is_own_engine, ledger
from stagelab.engine.labels import COURSE_LABEL, STAND_IN_LABEL, labels
from stagelab.engine.placing import marks

TWO_STAGES = """FROM scratch AS one
COPY mark /mark
FROM scratch
COPY --from=one /mark /mark
CMD ["/mark"]
"""


def main(folder: Path) -> None:
    """Play the scenario on the engine that `connect` finds."""
    client = connect()
    add_decoys(client)
    before = snapshot(client)
    tell({"own": is_own_engine(client), "before": before})

    add_ours(client, folder)
    user_builds_on_our_base(client)
    full = snapshot(client)
    would = asdict(clean(client, dry_run=True))
    tell({"dry": would, "untouched": snapshot(client) == full})

    done = asdict(clean(client))
    tell({"done": done, "after": snapshot(client), "ledger": ledger.records(client)})

    client.api.remove_container("users-app")
    client.api.remove_container("users-run")
    client.api.remove_image("mine/app:1")
    client.api.remove_image("stagelab/used:1")
    tell({"end": snapshot(client), "again": asdict(clean(client))})


def tell(facts: dict[str, Any]) -> None:
    """Print facts for the test to read."""
    sys.stdout.write(json.dumps(facts) + "\n")


def add_decoys(client: docker.DockerClient) -> None:
    """Make what is somebody else's, some of it much like ours."""
    make_image(client, "decoy", "1", [])
    make_image(client, "stagelab-decoy/x", "1", [])
    make_image(client, "decoy-labelled", "1", [f"LABEL {COURSE_LABEL}=0"])
    client.volumes.create("decoy")
    client.volumes.create("decoy-labelled", labels={COURSE_LABEL: "0"})
    client.networks.create("decoy", labels={"org.stagelab.courses": "1"})
    client.containers.create("decoy:1", ["/none"], name="stagelab-decoy")
    user_build(client, "FROM scratch\nCOPY mark /users-mark\n")


def add_ours(client: docker.DockerClient, folder: Path) -> None:
    """Make what the course makes: by both builders, labelled, recorded."""
    (folder / "Dockerfile").write_text(TWO_STAGES)
    (folder / "mark").write_text("a mark of ours")
    made = build(folder, tag="stagelab/clean:buildkit", client=client)
    build(folder, tag="stagelab/clean:classic", builder="classic", client=client)
    build(folder, target="one", client=client)
    client.containers.create(made.image.id, name="ours", labels=marks("ours"))
    client.volumes.create("ours", labels=labels())
    client.networks.create("ours", labels=labels())
    settings = [f"LABEL {COURSE_LABEL}=1", f"LABEL {STAND_IN_LABEL}=alpine"]
    base = make_image(client, "alpine", "3.22", settings)
    ledger.record_base(client, base, "alpine:3.22")


def user_builds_on_our_base(client: docker.DockerClient) -> None:
    """Make what inherits our label and is the user's all the same."""
    time.sleep(1)  # users do not build within the same moment
    user_build(client, "FROM alpine:3.22\nCOPY mark /users-app\n", tag="mine/app:1")
    client.containers.create("mine/app:1", ["/none"], name="users-app")
    make_image(client, "stagelab/used", "1", [f"LABEL {COURSE_LABEL}=1"])
    client.containers.create("stagelab/used:1", ["/none"], name="users-run")
    client.images.get("decoy:1").tag("mine/alias", "1")


def make_image(client: docker.DockerClient, name: str, tag: str, changes: list[str]) -> str:
    """Import an image of one file; its name is its content."""
    data = tar({"name": f"{name}:{tag}".encode()})
    client.api.import_image_from_data(data, repository=name, tag=tag, changes=changes)
    return str(client.images.get(f"{name}:{tag}").id)


def user_build(client: docker.DockerClient, dockerfile: str, tag: str = "") -> None:
    """Build by BuildKit without the course."""
    parameters = {"version": "2", **({"t": tag} if tag else {})}
    api = client.api
    answer = api.post(
        api._url("/build"),
        params=parameters,
        data=tar({"Dockerfile": dockerfile.encode(), "mark": b"a user's mark"}),
        headers={"Content-Type": "application/x-tar"},
    )
    assert "error" not in answer.text, answer.text


def tar(files: dict[str, bytes]) -> bytes:
    """Pack files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def snapshot(client: docker.DockerClient) -> dict[str, Any]:
    """Tell all that an engine holds."""
    return {
        "images": sorted(
            [image["Id"], sorted(image["RepoTags"] or [])] for image in client.api.images(all=True)
        ),
        "containers": sorted(one["Names"][0] for one in client.api.containers(all=True)),
        "volumes": sorted(volume.name for volume in client.volumes.list()),
        "networks": sorted(network.name for network in client.networks.list()),
        "cache": sorted(record["ID"] for record in buildcache.cache_records(client)),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
