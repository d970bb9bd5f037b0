from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from stagelab.engine.contexts import current_context
from stagelab.errors import EngineConfigInvalid


def add_context(folder: Path, name: str, host: str, *, skip: bool = False) -> Path:
    identity = hashlib.sha256(name.encode()).hexdigest()
    meta = folder / "contexts" / "meta" / identity / "meta.json"
    meta.parent.mkdir(parents=True)
    endpoint = {"Host": host, "SkipTLSVerify": skip}
    meta.write_text(json.dumps({"Name": name, "Endpoints": {"docker": endpoint}}))
    return folder / "contexts" / "tls" / identity / "docker"


def test_without_any_config_there_is_no_choice(tmp_path: Path) -> None:
    assert current_context({}, tmp_path) is None


@pytest.mark.parametrize("config", ["{}", '{"currentContext": "default"}', '{"auths": {}}'])
def test_the_default_context_is_no_choice(tmp_path: Path, config: str) -> None:
    (tmp_path / "config.json").write_text(config)
    assert current_context({"DOCKER_CONFIG": str(tmp_path)}) is None


def test_the_configured_context_is_found(tmp_path: Path) -> None:
    (tmp_path / ".docker").mkdir()
    (tmp_path / ".docker" / "config.json").write_text('{"currentContext": "desktop-linux"}')
    add_context(tmp_path / ".docker", "desktop-linux", "unix:///desktop.sock")
    found = current_context({}, tmp_path)
    assert found is not None
    assert (found.url, found.name, found.tls) == ("unix:///desktop.sock", "desktop-linux", None)


def test_docker_context_wins_and_needs_no_config_file(tmp_path: Path) -> None:
    add_context(tmp_path, "lab", "tcp://lab:2376")
    found = current_context({"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "lab"})
    assert found is not None
    assert found.url == "tcp://lab:2376"


def test_certificates_of_a_context_are_used(tmp_path: Path) -> None:
    tls = add_context(tmp_path, "lab", "tcp://lab:2376")
    tls.mkdir(parents=True)
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tls / name).touch()
    found = current_context({"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "lab"})
    assert found is not None
    assert found.tls is not None
    assert found.tls.ca_cert == str(tls / "ca.pem")
    assert found.tls.cert == (str(tls / "cert.pem"), str(tls / "key.pem"))
    assert found.tls.verify is True


def test_a_context_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EngineConfigInvalid, match="'gone'") as caught:
        current_context({"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "gone"})
    assert "DOCKER_CONTEXT" in caught.value.fix


@pytest.mark.parametrize("config", ["{", "[]", "", '{"currentContext": 3}', "\ufeff{}"])
def test_a_config_that_cannot_be_used_is_an_error(tmp_path: Path, config: str) -> None:
    (tmp_path / "config.json").write_text(config, encoding="utf-8")
    with pytest.raises(EngineConfigInvalid) as caught:
        current_context({"DOCKER_CONFIG": str(tmp_path)})
    assert str(tmp_path / "config.json") in str(caught.value)


@pytest.mark.parametrize(
    "meta", ["{", "{}", '{"Endpoints": {"kubernetes": {}}}', '{"Endpoints": 1}']
)
def test_a_context_that_names_no_engine_is_an_error(tmp_path: Path, meta: str) -> None:
    add_context(tmp_path, "lab", "tcp://lab")
    next(tmp_path.rglob("meta.json")).write_text(meta)
    with pytest.raises(EngineConfigInvalid):
        current_context({"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "lab"})
