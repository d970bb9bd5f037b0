from __future__ import annotations

import time

import docker
import pytest
from pretended_engine import PretendedEngine

from stagelab.bases.pull import pull
from stagelab.bases.refusals import refusal, registry_of
from stagelab.errors import PullFailed

ALPINE = "alpine:3.22"


def test_progress_adds_up_the_layers(
    fake_client: docker.DockerClient, engine: PretendedEngine
) -> None:
    engine.pulls[ALPINE] = [
        {"status": "Pulling from library/alpine", "id": "3.22"},
        {"status": "Pulling fs layer", "progressDetail": {}, "id": "a"},
        {"status": "Downloading", "progressDetail": {"current": 10, "total": 100}, "id": "a"},
        {"status": "Downloading", "progressDetail": {"current": 5, "total": 50}, "id": "b"},
        {"status": "Download complete", "progressDetail": {}, "id": "a"},
        {"status": "Pull complete", "progressDetail": {}, "id": "b"},
        {"status": "Status: Downloaded newer image for alpine:3.22"},
    ]
    seen: list[tuple[int | None, int | None]] = []
    pull(fake_client, ALPINE, progress=lambda _, done, total: seen.append((done, total)))
    assert seen == [(None, None), (10, 100), (15, 150), (105, 150), (150, 150)]
    assert engine.pulled() == [ALPINE]


def test_a_full_disk_is_read_from_the_error_line(
    fake_client: docker.DockerClient, engine: PretendedEngine
) -> None:
    words = "failed to register layer: write /usr/bin/busybox: no space left on device"
    engine.pulls[ALPINE] = [
        {"status": "Pulling from library/alpine", "id": "3.22"},
        {"errorDetail": {"message": words}, "error": words},
    ]
    with pytest.raises(PullFailed, match="disk is full") as caught:
        pull(fake_client, ALPINE)
    assert caught.value.scope == "engine"
    assert caught.value.detail == words


def test_too_many_requests_is_a_rate_limit(
    fake_client: docker.DockerClient, engine: PretendedEngine
) -> None:
    engine.pulls[ALPINE] = 429
    engine.words = "You have reached your pull quota"
    with pytest.raises(PullFailed, match="rate limit") as caught:
        pull(fake_client, ALPINE)
    assert caught.value.scope == "registry"
    assert "pull quota" in caught.value.detail
    assert "docker login" in caught.value.fix


def test_offline_is_told_from_the_engines_words(
    fake_client: docker.DockerClient, engine: PretendedEngine
) -> None:
    engine.pulls[ALPINE] = 500
    engine.words = 'Get "https://registry.example/v2/": dial tcp: lookup x on y:53: no such host'
    with pytest.raises(PullFailed, match="cannot be reached") as caught:
        pull(fake_client, ALPINE)
    assert engine.words in caught.value.detail


def test_a_mute_registry_is_given_up(
    fake_client: docker.DockerClient, engine: PretendedEngine
) -> None:
    engine.pulls[ALPINE] = 3.0
    started = time.monotonic()
    with pytest.raises(PullFailed, match="gives no answer") as caught:
        pull(fake_client, ALPINE, patience=0.2)
    assert time.monotonic() - started < 1.5
    assert caught.value.scope == "registry"


def test_a_missing_credentials_helper_does_not_stop_a_public_pull(
    fake_client: docker.DockerClient, engine: PretendedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.pulls[ALPINE] = [{"status": "Status: Image is up to date for alpine:3.22"}]
    real = fake_client.api.pull

    def as_with_a_broken_helper(*args: object, **options: object) -> object:
        if options.get("auth_config") is None:
            raise docker.errors.DockerException(
                "Credentials store error: StoreError('docker-credential-desktop not installed')"
            )
        return real(*args, **options)

    monkeypatch.setattr(fake_client.api, "pull", as_with_a_broken_helper)
    pull(fake_client, ALPINE)
    assert engine.pulled() == [ALPINE]


@pytest.mark.parametrize(
    ("words", "said", "scope"),
    [
        ("toomanyrequests: You have reached your pull rate limit", "rate limit", "registry"),
        ("proxyconnect tcp: dial tcp 10.0.0.1:3128: i/o timeout", "proxy", "registry"),
        ("Proxy Authentication Required", "proxy", "registry"),
        (
            "tls: failed to verify certificate: x509: certificate signed by unknown authority",
            "certificate",
            "registry",
        ),
        ("dial tcp: lookup registry on 1.1.1.1:53: server misbehaving", "offline", "registry"),
        ("net/http: TLS handshake timeout", "offline", "registry"),
        ("context deadline exceeded", "offline", "registry"),
        ("no matching manifest for linux/arm64 in the manifest list", "architecture", "image"),
        ("unauthorized: incorrect username or password", "does not let this user", "registry"),
        ("manifest for alpine:3.22 not found: manifest unknown", "has no alpine:3.22", "image"),
        ("something new", "could not be pulled", "image"),
    ],
)
def test_words_are_explained(words: str, said: str, scope: str) -> None:
    error = refusal(ALPINE, words)
    assert said in error.cause
    assert error.scope == scope
    assert error.detail == words
    assert error.fix
    assert "{" not in error.cause + error.fix


@pytest.mark.parametrize(
    ("reference", "registry"),
    [
        ("golang:1.27", "Docker Hub"),
        ("library/golang:1.27", "Docker Hub"),
        ("gcr.io/distroless/static:nonroot", "gcr.io"),
        ("localhost/x:1", "localhost"),
        ("mirror:5000/x:1", "mirror:5000"),
    ],
)
def test_the_registry_of_a_reference(reference: str, registry: str) -> None:
    assert registry_of(reference) == registry
