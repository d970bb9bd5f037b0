"""Go modules are fetched once, and then served whether or not there is a network."""

from __future__ import annotations

import io
import sys
import tempfile
import threading
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from stagelab.bases import gosum, modules
from stagelab.bases.modules import module_proxy
from stagelab.errors import ModulesUnavailable


def archive(**files: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        for name, text in files.items():
            opened.writestr(f"example.org/Big/mod@v1.2.0/{name}", text)
    return made.getvalue()


def line(name: str, suffix: str, content: bytes) -> str:
    """Give a line of go.sum."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, f"it{suffix}")
        file.write_bytes(content)
        return f"{name} {gosum.checksum(file)}\n"


BIG = "/example.org/!big/mod/@v/v1.2.0"
FILES = {
    f"{BIG}.info": b'{"Version": "v1.2.0"}',
    f"{BIG}.mod": b"module example.org/Big/mod\n",
    f"{BIG}.zip": archive(a="one", b="two"),
    "/example.org/only/@v/v0.1.0.mod": b"module example.org/only\n",
}
SUM = (
    line("example.org/Big/mod v1.2.0", ".zip", FILES[f"{BIG}.zip"])
    + line("example.org/Big/mod v1.2.0/go.mod", ".mod", FILES[f"{BIG}.mod"])
    + "\n"
    + line("example.org/only v0.1.0/go.mod", ".mod", FILES["/example.org/only/@v/v0.1.0.mod"])
)


@dataclass
class Upstream:
    """A module proxy of the network."""

    url: str
    asked: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=lambda: dict(FILES))


@dataclass
class Engine:
    """Knows a bridge whose address is this machine's own."""

    gateway: str = "127.0.0.1"

    @property
    def networks(self) -> Engine:
        return self

    def get(self, name: str) -> Engine:
        assert name == "bridge"
        return self

    @property
    def attrs(self) -> dict[str, Any]:
        return {"IPAM": {"Config": [{"Gateway": self.gateway}]}}


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    told = Upstream("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(self.path)
            content = told.files.get(self.path)
            self.send_response(200 if content is not None else 404)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told.url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("GOPROXY", f"{told.url},direct")
    yield told
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("STAGELAB_HOME", str(tmp_path / "home"))
    yield
    while modules._servers:
        _, server = modules._servers.popitem()
        server.shutdown()
        server.server_close()


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "go.sum").write_text(SUM)
    return folder


def fetched(goproxy: str, path: str) -> bytes:
    ours = goproxy.partition("|")[0]
    with urllib.request.urlopen(ours + path) as response:
        return bytes(response.read())


def test_all_that_go_sum_names_is_fetched_once(upstream: Upstream, app: Path) -> None:
    client: Any = Engine()
    for _ in range(2):
        goproxy = module_proxy(app, client=client)
    assert sorted(upstream.asked) == sorted(FILES)
    assert goproxy.endswith(f"|{upstream.url},direct")
    for path, content in FILES.items():
        assert fetched(goproxy, path) == content
    assert len(upstream.asked) == len(FILES)


def test_what_is_kept_needs_no_network(
    upstream: Upstream, app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client: Any = Engine()
    module_proxy(app, client=client)
    monkeypatch.setenv("GOPROXY", "http://127.0.0.1:9")  # nobody is there
    goproxy = module_proxy(app, client=client)
    assert fetched(goproxy, "/example.org/only/@v/v0.1.0.mod").startswith(b"module")
    assert len(upstream.asked) == len(FILES)


def test_a_module_that_cannot_be_had_is_named_before_anything_is_built(
    app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOPROXY", "http://127.0.0.1:9,direct")
    client: Any = Engine()
    with pytest.raises(ModulesUnavailable, match=r"example\.org/!big/mod v1\.2\.0") as caught:
        module_proxy(app, client=client)
    assert "Connect this computer" in caught.value.fix
    assert "refused" in caught.value.detail


def test_a_proxy_that_is_no_server_is_named(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOPROXY", "off")
    client: Any = Engine()
    with pytest.raises(ModulesUnavailable) as caught:
        module_proxy(app, client=client)
    assert caught.value.detail == "GOPROXY=off names no server."


def test_the_next_server_is_asked_if_one_has_it_not(
    upstream: Upstream, app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOPROXY", f"http://127.0.0.1:9|{upstream.url}")
    client: Any = Engine()
    module_proxy(app, client=client)
    assert sorted(upstream.asked) == sorted(FILES)


def test_an_app_without_go_sum_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOPROXY", "off")
    client: Any = Engine()
    with pytest.raises(ModulesUnavailable, match=r"has no go\.sum"):
        module_proxy(tmp_path, client=client)


@pytest.mark.parametrize(
    "path",
    [
        "/../../secret",
        "/example.org/../../@v/v1.0.0.mod",
        "//etc/@v/passwd.mod",
        "/example.org/only/@v/list",
        "/example.org/only/@latest",
        "/example.org/only/@v/..%2f..%2fx.mod",
        "/example.org/none/@v/v1.0.0.mod",
        "/",
    ],
)
def test_nothing_else_is_served(upstream: Upstream, path: str) -> None:
    client: Any = Engine()
    goproxy = module_proxy(client=client)
    assert upstream.url in goproxy
    with pytest.raises(urllib.error.HTTPError) as caught:
        fetched(goproxy, path)
    with caught.value as answer:
        assert answer.code == 404


def test_where_the_bridge_is_not_ours_the_host_has_a_name(upstream: Upstream) -> None:
    client: Any = Engine(gateway="203.0.113.7")  # an address for documentation: nobody's
    goproxy = module_proxy(client=client)
    assert goproxy.startswith("http://host.docker.internal:")
    assert upstream.asked == []


def test_half_of_a_file_is_never_kept(
    upstream: Upstream, app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", broken)
    client: Any = Engine()
    with pytest.raises(ModulesUnavailable) as caught:
        module_proxy(app, client=client)
    assert "No space left" in caught.value.detail
    assert upstream.asked
    assert not [path for path in (tmp_path / "home").rglob("*") if path.is_file()]


@pytest.mark.parametrize("path", [path for path in FILES if not path.endswith("only")])
def test_a_page_that_stands_in_the_way_is_never_kept(
    upstream: Upstream, app: Path, path: str
) -> None:
    upstream.files[path] = b"<html>Please log in</html>"
    client: Any = Engine()
    with pytest.raises(ModulesUnavailable) as caught:
        module_proxy(app, client=client)
    assert "gave something else" in caught.value.detail
    del upstream.files[path]
    upstream.files[path] = FILES[path]
    assert fetched(module_proxy(app, client=client), path) == FILES[path]


def test_a_kept_file_that_was_changed_is_fetched_anew(
    upstream: Upstream, app: Path, tmp_path: Path
) -> None:
    client: Any = Engine()
    module_proxy(app, client=client)
    (kept,) = (tmp_path / "home").rglob("v1.2.0.zip")
    kept.write_bytes(archive(a="other"))
    goproxy = module_proxy(app, client=client)
    assert fetched(goproxy, f"{BIG}.zip") == FILES[f"{BIG}.zip"]
    assert upstream.asked.count(f"{BIG}.zip") == 2


def test_a_password_reaches_neither_builds_nor_errors(
    upstream: Upstream, app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = upstream.url.replace("//", "//user:pass-7f3@")
    monkeypatch.setenv("GOPROXY", secret)
    client: Any = Engine()
    assert module_proxy(app, client=client).endswith(f"|{upstream.url}")
    del upstream.files[f"{BIG}.zip"]
    (app / "go.sum").write_text(SUM.replace("v1.2.0", "v1.3.0"))
    with pytest.raises(ModulesUnavailable) as caught:
        module_proxy(app, client=client)
    assert "pass-7f3" not in f"{caught.value}{caught.value.detail}"


def test_the_checksum_is_that_of_the_go_command(tmp_path: Path) -> None:
    """As go.sum of every program has it that uses this version of this module."""
    file = tmp_path / "v1.6.0.mod"
    file.write_text("module github.com/google/uuid\n")
    assert gosum.checksum(file) == "h1:TIyPZe4MgqvfeYDBFedMoGGpEw/LqOeaOT+nhxU+yHo="


@pytest.mark.skipif(sys.platform != "linux", reason="a folder in /sys takes no files")
@pytest.mark.usefixtures("upstream")
def test_a_module_that_cannot_be_kept_says_where(
    app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAGELAB_HOME", "/sys/stagelab")
    client: Any = Engine()
    with pytest.raises(ModulesUnavailable, match="cannot be written to /sys/stagelab") as caught:
        module_proxy(app, client=client)
    assert "STAGELAB_HOME" in caught.value.fix
    assert "not permitted" in caught.value.detail
