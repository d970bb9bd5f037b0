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
from stagelab.image.secret_mask import MASK, Mask
from stagelab.image.secret_rules import RULES
from stagelab.image.secret_sight import Sights
from stagelab.image.secret_text import (
    MOST_LETTERS,
    in_instruction,
    in_setting,
    in_words,
    masked,
    masked_words,
)
from stagelab.image.secret_texts import bounded, lists, setters

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stagelab.image.layer import LayerFacts
    from stagelab.image.secret_text import Told
    from stagelab.image.stack import Stack

_COMMAND = ("Entrypoint", "Cmd")

Where = Literal["layer", "env", "history", "label", "command"]


@dataclass(frozen=True, slots=True)
class Secret(Shown):
    """Something that looks like a secret.

    Attributes:
        rule: Name of the rule that it meets.
        title: What people call it.
        where: In a file of a layer, in a variable, in a label, in the history, or in a command of
            the configuration that the history does not tell of.
        path: The file; the name of the variable, label or option; "" if the history has it bare.
        layer: Index in the history of the instruction that brought it; None if that is not known.
        instruction: That instruction, with `***` in place of each secret.
        offset: Bytes from the file's start to what gave it away (a token's beginning, a key's
            header); None if the file is told by its name, if the layer has it without its holes,
            or if there is no file.
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
        unsearched: What was not searched to its end, as there is too much in it: "layer 2",
            "variable NOTES", "instruction 7". A secret there may not be told, and of a text that
            is too long only the beginning is shown.
    """

    found: tuple[Secret, ...]
    allowed: tuple[Secret, ...]
    unsearched: tuple[str, ...] = ()

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
    every = [*texts.settings(), *texts.history(), *texts.commands(), *_in_layers(stack, texts)]
    return Secrets(
        tuple(secret for secret in every if not secret.allowed),
        tuple(secret for secret in every if secret.allowed),
        (*texts.unsearched(), *_unsearched(stack)),
    )


def concealed(stack: Stack) -> Stack:
    """Give the same image with `***` in place of the secrets in its configuration and history."""
    texts = _Texts(stack)
    known = texts.known
    settings = dict(stack.settings)
    settings["Env"] = [
        f"{masked(name, known)}={texts.setting(name, value)}" for name, value in stack.env.items()
    ]
    labels = settings.get("Labels") or {}
    settings["Labels"] = {
        masked(name, known): texts.setting(name, value) for name, value in labels.items()
    }
    first, second = (settings.get(key) or [] for key in _COMMAND)
    command = masked_words([*first, *second], known)
    settings.update(zip(_COMMAND, (command[: len(first)], command[len(first) :]), strict=True))
    for key in ("Shell", "OnBuild"):
        settings[key] = [masked(text, known) for text in settings.get(key) or ()]
    for key in ("User", "WorkingDir", "StopSignal"):
        settings[key] = masked(settings.get(key) or "", known, name=True)
    for key in ("ExposedPorts", "Volumes"):
        settings[key] = {masked(name, known): {} for name in settings.get(key) or ()}
    check = settings.get("Healthcheck")
    if check and check.get("Test"):
        settings["Healthcheck"] = {**check, "Test": masked_words(check["Test"], known)}
    history = tuple(
        origin._replace(
            instruction=texts.instruction(index), created_by=masked(origin.created_by, known)
        )
        for index, origin in enumerate(texts.shown)
    )
    return replace(stack, config={**stack.config, "config": settings}, history=history)


class _Texts:
    """What the configuration says.

    Attributes:
        known: Masks all secrets that it holds.
        shown: The instructions, those left empty that there is no time to search.
    """

    def __init__(self, stack: Stack) -> None:
        self.shown, self._passed = bounded(stack.history)
        settings = stack.settings
        labels = settings.get("Labels")
        labels = labels if isinstance(labels, dict) else {}  # a configuration may say anything
        both: tuple[tuple[Where, Mapping[str, Any]], ...] = (("env", stack.env), ("label", labels))
        self._said: list[tuple[Where, str, str]] = [
            (where, str(name), str(value)) for where, pairs in both for name, value in pairs.items()
        ]
        self._settings: list[tuple[Where, str, str, Told]] = [
            (where, name, value, told)
            for where, name, value in self._said
            for told in in_setting(name, value)
        ]
        self._told = [in_instruction(origin.created_by) for origin in self.shown]
        values = {value[told.start : told.stop] for _, _, value, told in self._settings}
        for origin, found in zip(self.shown, self._told, strict=True):
            values.update(origin.created_by[told.start : told.stop] for told in found)
        self._lists = lists(settings)
        plain = {value.strip("\"'") for value in values}
        self._commands = {
            value: told
            for listed in self._lists.values()
            for told, value in in_words(listed)
            if value.strip("\"'") not in plain
        }
        values.update(self._commands)
        self.known = Mask(values)
        self._masked = [masked(origin.instruction, self.known) for origin in self.shown]
        self._setters = setters(self.shown)

    def unsearched(self) -> Iterator[str]:
        """Name what is too long to be searched to its end."""
        for where, name, value in self._said:
            if len(value) > MOST_LETTERS:
                yield f"{'variable' if where == 'env' else 'label'} {self._shown(name)}"
        for name, listed in self._lists.items():
            if sum(map(len, listed)) + len(listed) > MOST_LETTERS:
                yield name
        for index, origin in enumerate(self.shown):
            if len(origin.created_by) > MOST_LETTERS:
                yield f"instruction {index}"
        if self._passed:
            yield f"the last {self._passed} instructions"
        if not self.known.complete:
            yield "the configuration, which has too many secrets to look for each in all of it"

    def instruction(self, index: int) -> str:
        """Give an instruction without the secrets in it."""
        return self._masked[index]

    def setting(self, name: str, value: str) -> str:
        """Give the value of a variable or label without the secrets in it."""
        parts = []
        at = 0
        for told in sorted(in_setting(name, value), key=lambda told: told.start):
            parts += [value[at : told.start], MASK]
            at = told.stop
        rest = "" if len(value) > MOST_LETTERS and at == MOST_LETTERS else value[at:]
        return masked("".join(parts) + rest, self.known)

    def settings(self) -> Iterator[Secret]:
        """Give what variables and labels hold, each with the last instruction that sets it."""
        for where, name, _, told in self._settings:
            yield self._secret(told, where, self._shown(name), self._setters.get((where, name)))

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
        for index, (origin, found) in enumerate(zip(self.shown, self._told, strict=True)):
            declares = origin.instruction.startswith(("ENV ", "LABEL "))
            for told in found:
                value = origin.created_by[told.start : told.stop]
                if not (declares and (told.rule, value) in known):
                    first.setdefault((told.rule, told.name, value), (told, index))
                    count[told.rule, told.name, value] += 1
        for key, (told, index) in first.items():
            yield self._secret(told, "history", told.name, index, count[key] - 1)

    def commands(self) -> Iterator[Secret]:
        """Give what only ENTRYPOINT, CMD, HEALTHCHECK, SHELL or ONBUILD holds."""
        for told in self._commands.values():
            yield self._secret(told, "command", told.name, None)

    def _shown(self, name: str) -> str:
        return masked(name, self.known)

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


def _unsearched(stack: Stack) -> Iterator[str]:
    for number, layer in zip(stack.numbers, stack.layers, strict=True):
        if not layer.searched:
            yield f"layer {number}"


def _places(layer: LayerFacts) -> dict[tuple[str, str], tuple[int | None, int]]:
    """Give, for each file and rule, the first offset and how many more there are."""
    places: dict[tuple[str, str], tuple[int | None, int]] = {}
    for rule, path, offset, further in layer.hits:  # in the order of the offsets
        first, more = places.get((path, rule), (offset, -1))
        places[path, rule] = (first, more + 1 + further)
    return dict(sorted(places.items()))
