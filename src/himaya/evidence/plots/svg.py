"""SVG elements as text; every attribute and every text is escaped here and nowhere else."""

from __future__ import annotations

from markupsafe import Markup, escape

from himaya.evidence.words import visible


def tag(name: str, *children: Markup, **attributes: str | float) -> Markup:
    """Return one element; `class_` and `x_y` in attribute names stand for `class` and `x-y`."""
    head = "".join(
        f' {key.strip("_").replace("_", "-")}="{escape(_text(value))}"'
        for key, value in attributes.items()
    )
    if not children:
        return Markup(f"<{name}{head}/>")  # noqa: S704  escaped above, attribute by attribute
    return Markup(f"<{name}{head}>{''.join(children)}</{name}>")  # noqa: S704  children are Markup


def words(text: str) -> Markup:
    """Return text content, escaped, with hidden characters made visible."""
    return escape(visible(text))


def label(text: str, x: float, y: float, **attributes: str | float) -> Markup:
    """Return a text element at a place."""
    return tag("text", words(text), x=x, y=y, **attributes)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Markup:
    """Return a straight line."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def group(*children: Markup, **attributes: str | float) -> Markup:
    """Return elements as one group."""
    return tag("g", *(children or (Markup(""),)), **attributes)


def picture(width: float, height: float, name: str, told: str, *children: Markup) -> Markup:
    """Return a whole drawing; `told` is what it shows in words, for those who do not see it."""
    return tag(
        "svg",
        tag("title", words(name)),
        tag("desc", words(told)),
        *children,
        viewBox=f"0 0 {width:g} {height:g}",
        width=width,
        height=height,
        role="img",
        aria_label=f"{name}. {told}",
        class_="plot",
    )


def _text(value: str | float) -> str:
    return visible(value) if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")
