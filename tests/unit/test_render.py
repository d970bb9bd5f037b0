"""What facts show themselves as."""

from __future__ import annotations

import pytest

from stagelab._render import Shown, register


def test_a_fact_shows_as_html_or_in_other_forms() -> None:
    class Page(Shown):
        pass

    class Picture(Shown):
        pass

    register(Page, text=lambda _: "words", html=lambda _: "<p>words")
    register(Picture, text=lambda _: "words", rich={"image/svg+xml": lambda _: "<svg/>"})
    assert str(Page()) == str(Picture()) == "words"
    assert Page()._repr_mimebundle_() == {"text/html": "<p>words", "text/plain": "words"}
    assert Picture()._repr_mimebundle_() == {"image/svg+xml": "<svg/>", "text/plain": "words"}


def test_a_fact_without_a_renderer_shows_as_its_repr() -> None:
    class Bare(Shown):
        def __repr__(self) -> str:
            return "Bare()"

    assert Bare()._repr_mimebundle_() == {"text/plain": "Bare()"}
    assert str(Bare()) == "Bare()"


@pytest.mark.parametrize("forms", [{}, {"html": str, "rich": {"image/svg+xml": str}}])
def test_html_and_other_forms_exclude_each_other(forms: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="and not both"):
        register(Shown, text=str, **forms)  # type: ignore[arg-type]
