"""Secrets anywhere in an image: in each layer, in variables, labels and the history.

What a later layer deletes is in the image all the same, so all layers count. A finding says where
something is and never what: the value is in no field of it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from stagelab._render import Shown
from stagelab.image.secret_allowed import allowed
from stagelab.image.secret_rules import RULES
from stagelab.image.secret_sight import Sights
from stagelab.image.secret_text import MASK, in_instruction, in_setting, masked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stagelab.image.layer import LayerFacts
    from stagelab.image.secret_text import Told
    from stagelab.image.stack import Stack

Where = Literal["layer", "env", "history", "label"]


@dataclass(frozen=True, slots=True)
class Secret(Shown):
    """Something that looks like a secret.

    Attributes:
        rule: Name of the rule that it meets.
        title: What people call it.
        where: In a file of a layer, in a variable, in a label or in the history alone.
        path: The file; the name of the variable, label or option; "" if the history has it bare.
        layer: Index in the history of the instruction that brought it; None if that is not known.
        instruction: That instruction, with `***` in place of each secret.
        offset: Bytes from the file's start to what gave it away (a token's beginning, a key's
            header); None if the file is told by its name, or there is none.
        more: How many further places in the same file meet the same rule; in the history how many
            further instructions show the same value.
        visible: Whether who starts or inspects the image sees it; False if a later layer deleted
            or replaced the file, whose bytes are still in the layer.
        hidden_by: Index in the history of the instruction that did so.
        why: What somebody who has the image can do with it.
        remedy: What keeps it out of the image.
        allowed: Why it is known to be public; "" if it is not.
    """

    rule: str
    title: str
    where: Where
    path: str
    layer: int | None
    instruction: str
    offset: int | None
    more: int
    visible: bool
    hidden_by: int | None
    why: str
    remedy: str
    allowed: str


@dataclass(frozen=True, slots=True)
class Secrets(Shown):
    """The secrets of an image; it iterates over those that are not allowed.

    Attributes:
        found: What should not be there: in the configuration first, then by layer.
        allowed: What looks like a secret and is known to be public, each with its reason.
    """

    found: tuple[Secret, ...]
    allowed: tuple[Secret, ...]

    def __len__(self) -> int:
        return len(self.found)

    def __iter__(self) -> Iterator[Secret]:
        return iter(self.found)


def secrets(stack: Stack) -> Secrets:
    """Find the secrets of an image.

    Args:
        stack: Its layers, in which the search has noted places, and its configuration.
    """
    texts = _Texts(stack)
    every = [*texts.settings(), *texts.history(), *_in_layers(stack, texts)]
    return Secrets(
        tuple(secret for secret in every if not secret.allowed),
        tuple(secret for secret in every if secret.allowed),
    )


def concealed(stack: Stack) -> Stack:
    """Give the same image with `***` in place of the secrets in its configuration and history."""
    texts = _Texts(stack)
    settings = dict(stack.settings)
    settings["Env"] = [f"{name}={texts.setting(name, value)}" for name, value in stack.env.items()]
    labels = settings.get("Labels") or {}
    settings["Labels"] = {name: texts.setting(name, value) for name, value in labels.items()}
    for key in ("Entrypoint", "Cmd"):
        settings[key] = [texts.text(word) for word in settings.get(key) or ()]
    history = tuple(
        origin._replace(
            instruction=texts.text(origin.instruction), created_by=texts.text(origin.created_by)
        )
        for origin in stack.history
    )
    return replace(stack, config={**stack.config, "config": settings}, history=history)


class _Texts:
    """What the configuration says."""

    def __init__(self, stack: Stack) -> None:
        self._history = stack.history
        labels = stack.settings.get("Labels")
        labels = labels if isinstance(labels, dict) else {}  # a configuration may say anything
        both: tuple[tuple[Where, Mapping[str, Any]], ...] = (("env", stack.env), ("label", labels))
        self._settings: list[tuple[Where, str, str, Told]] = [
            (where, name, value, told)
            for where, pairs in both
            for name, value in ((str(name), str(value)) for name, value in pairs.items())
            for told in in_setting(name, value)
        ]
        self._told = [in_instruction(origin.created_by) for origin in self._history]
        self._values = {value[told.start : told.stop] for _, _, value, told in self._settings}
        for origin, found in zip(self._history, self._told, strict=True):
            self._values.update(origin.created_by[told.start : told.stop] for told in found)
        self._masked = [masked(origin.instruction, self._values) for origin in self._history]

    def instruction(self, index: int) -> str:
        """Give an instruction without the secrets in it."""
        return self._masked[index]

    def text(self, text: str) -> str:
        """Give any text without the secrets in it, those known from elsewhere included."""
        return masked(text, self._values)

    def setting(self, name: str, value: str) -> str:
        """Give the value of a variable or label without the secrets in it."""
        found = in_setting(name, value)
        for told in sorted(found, key=lambda told: -told.start):
            value = value[: told.start] + MASK + value[told.stop :]
        return self.text(value)

    def settings(self) -> Iterator[Secret]:
        """Give what variables and labels hold, each with the last instruction that sets it."""
        for where, name, _, told in self._settings:
            yield self._secret(told, where, name, self._sets(where, name))

    def history(self) -> Iterator[Secret]:
        """Give what only the history holds: build arguments, options, and overwritten values.

        A build argument is shown by each RUN after it, and told once, with the first.
        """
        known = {
            (told.rule, value[told.start : told.stop])
            for where, name, value, told in self._settings
        }
        first: dict[tuple[str, str, str], tuple[Told, int]] = {}
        count: Counter[tuple[str, str, str]] = Counter()
        for index, (origin, found) in enumerate(zip(self._history, self._told, strict=True)):
            declares = origin.instruction.startswith(("ENV ", "LABEL "))
            for told in found:
                value = origin.created_by[told.start : told.stop]
                if not (declares and (told.rule, value) in known):
                    first.setdefault((told.rule, told.name, value), (told, index))
                    count[told.rule, told.name, value] += 1
        for key, (told, index) in first.items():
            yield self._secret(told, "history", told.name, index, count[key] - 1)

    def _sets(self, where: Where, name: str) -> int | None:
        word = "ENV " if where == "env" else "LABEL "
        for index in range(len(self._history) - 1, -1, -1):
            instruction = self._history[index].instruction
            if instruction.startswith(word) and f" {name}=" in instruction:
                return index
        return None

    def _secret(
        self, told: Told, where: Where, path: str, index: int | None, more: int = 0
    ) -> Secret:
        rule = RULES[told.rule]
        return Secret(
            rule=rule.name,
            title=rule.title,
            where=where,
            path=path,
            layer=index,
            instruction="" if index is None else self.instruction(index),
            offset=None,
            more=more,
            visible=True,
            hidden_by=None,
            why=rule.why,
            remedy=rule.remedy,
            allowed="",
        )


def _in_layers(stack: Stack, texts: _Texts) -> Iterator[Secret]:
    sights = Sights(stack)
    paths: set[str] | None = None
    for number, layer in enumerate(stack.layers):
        places = _places(layer)
        if places and paths is None:
            paths = {entry.path for facts in stack.layers for entry in facts.entries}
        for (path, name), (offset, more) in places.items():
            sight = sights.of(number, path)
            hider = sight.hidden_by
            rule = RULES[name]
            index = stack.numbers[number]
            yield Secret(
                rule=name,
                title=rule.title,
                where="layer",
                path=sight.path,
                layer=index,
                instruction=texts.instruction(index),
                offset=offset,
                more=more,
                visible=hider is None,
                hidden_by=None if hider is None else stack.numbers[hider],
                why=rule.why,
                remedy=rule.remedy,
                allowed=allowed(path, paths or set()),
            )


def _places(layer: LayerFacts) -> dict[tuple[str, str], tuple[int | None, int]]:
    """Give, for each file and rule, the first offset and how many more there are."""
    places: dict[tuple[str, str], tuple[int | None, int]] = {}
    for rule, path, offset in layer.hits:  # in the order of the offsets
        first, more = places.get((path, rule), (offset, -1))
        places[path, rule] = (first, more + 1)
    return dict(sorted(places.items()))
