"""The configuration as an engine tells it, which is believed only if it is unambiguous."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from stagelab.image.history import origins
from stagelab.image.inspection import configuration


def image(layers: list[str], *told: tuple[str, int]) -> Any:  # noqa: ANN401 - stands for the SDK's
    newest_first = [{"CreatedBy": text, "Size": size} for text, size in reversed(told)]
    attrs = {"RootFS": {"Layers": layers}, "Config": {"User": "7"}, "Architecture": "amd64"}
    return SimpleNamespace(attrs=attrs, history=lambda: newest_first)


def test_layers_are_matched_with_what_changes_files() -> None:
    config = configuration(
        image(
            ["sha256:1", "sha256:2", "sha256:3"],
            ("unpacked by hand", 9),
            ("ENV A=1", 0),
            ("WORKDIR /app", 0),
            ("RUN /bin/sh -c true # buildkit", 0),
            ('CMD ["x"]', 0),
        )
    )
    assert config is not None
    matched = [(origin.instruction, origin.diff_id) for origin in origins(config)]
    assert matched == [
        ("unpacked by hand", "sha256:1"),
        ("ENV A=1", None),
        ("WORKDIR /app", "sha256:2"),
        ("RUN true", "sha256:3"),
        ('CMD ["x"]', None),
    ]
    assert (config["config"], config["architecture"]) == ({"User": "7"}, "amd64")


@pytest.mark.parametrize("layers", [[], ["sha256:1"], ["sha256:1", "sha256:2", "sha256:3"]])
def test_another_number_of_layers_is_ambiguous(layers: list[str]) -> None:
    assert configuration(image(layers, ("COPY a b", 1), ("WORKDIR /app", 0))) is None
