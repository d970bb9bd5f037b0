from __future__ import annotations

import pytest

from stagelab.image import Entry, Tree


def entry(path: str, kind: str = "file", link: str = "") -> Entry:
    return Entry(path, kind, 0, 0o755, 0, 0, link, 0)  # type: ignore[arg-type]


TREE = Tree(
    {
        e.path: e
        for e in (
            entry("/usr", "dir"),
            entry("/usr/bin", "dir"),
            entry("/usr/bin/dash"),
            entry("/usr/bin/sh", "symlink", "dash"),
            entry("/bin", "symlink", "usr/bin"),
            entry("/up", "symlink", "../../usr/./bin/../bin/sh"),
            entry("/loop", "symlink", "/loop"),
            entry("/implied/deep/file"),
        )
    }
)


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("/bin/sh", "/usr/bin/dash"),
        ("bin/sh", "/usr/bin/dash"),
        ("/up", "/usr/bin/dash"),
        ("/implied/deep/file", "/implied/deep/file"),
        ("/usr/bin/", "/usr/bin"),
    ],
)
def test_links_are_followed(path: str, real: str) -> None:
    found = TREE.resolve(path)
    assert found is not None
    assert found.path == real


@pytest.mark.parametrize("path", ["/loop", "/bin/none", "/usr/bin/dash/x", "/none/../bin/sh", "/"])
def test_what_is_not_there(path: str) -> None:
    assert TREE.resolve(path) is None


def test_access() -> None:
    assert "usr/bin/dash" in TREE
    assert TREE.get("/bin") == entry("/bin", "symlink", "usr/bin")
    assert [e.path for e in TREE.find("/usr/*sh")] == ["/usr/bin/dash", "/usr/bin/sh"]
    assert [e.path for e in TREE.find("*file")] == ["/implied/deep/file"]
    assert [e.path for e in TREE.children("/usr/bin/")] == ["/usr/bin/dash", "/usr/bin/sh"]
    assert TREE.folders(["/bin", "/usr/bin", "/implied/deep", "/none"]) == (
        "/usr/bin",
        "/implied/deep",
    )
    assert len(TREE) == 8
