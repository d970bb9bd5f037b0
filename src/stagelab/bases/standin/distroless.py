"""A root without a shell for static programs, as `distroless/static` is."""

from __future__ import annotations

from stagelab.bases.archive import ImageSettings, Layer, directory, file, write_layer
from stagelab.bases.catalog import Recipe
from stagelab.bases.standin.ca import BUNDLE
from stagelab.bases.standin.packages import fetch_packages, merged
from stagelab.bases.standin.workshop import Workshop

NONROOT = 65532
"""Number of the unprivileged user; a number, so that Kubernetes can see that it is not root."""

_USERS = f"""\
root:x:0:0:root:/root:/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
nonroot:x:{NONROOT}:{NONROOT}:nonroot:/home/nonroot:/sbin/nologin
"""
_GROUP = f"root:x:0:\nnobody:x:65534:\ntty:x:5:\nstaff:x:50:\nnonroot:x:{NONROOT}:\n"
_NSSWITCH = "hosts: files dns\n"


def make(
    shop: Workshop, recipe: Recipe, labels: dict[str, str]
) -> tuple[tuple[Layer, ...], ImageSettings]:
    """Make the layer and settings of the stand-in for distroless static."""
    own = [
        directory("home/nonroot", 0o700, uid=NONROOT),
        directory("root", 0o700),
        directory("tmp", 0o1777),
        file("etc/passwd", _USERS),
        file("etc/group", _GROUP),
        file("etc/nsswitch.conf", _NSSWITCH),
        file(BUNDLE, shop.certificates),
    ]
    layer = write_layer(
        shop.folder / "distroless.tar",
        merged(fetch_packages(shop, recipe), own),
        epoch=recipe.epoch,
        created_by=f"unpacked from Debian {recipe.suite}: {' '.join(recipe.packages)}; "
        "with users and the host's CA certificates",
    )
    settings = ImageSettings(
        shop.platform.docker,
        labels,
        env=(
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            f"SSL_CERT_FILE=/{BUNDLE}",
        ),
        user=str(NONROOT),
        workdir="/home/nonroot",
    )
    return (layer,), settings
