"""A document as one HTML page: it loads nothing, runs nothing, can be printed and be read aloud."""

from __future__ import annotations

import re
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from himaya.response.rendering.document import Document

#: An address that may become a link: plain, without a name before the host, nothing that ends an attribute.
_PLAIN_URL = re.compile(r"https?://[\w.-]+(:\d+)?(/[\w./?&=%#+:,~-]*)?", re.ASCII)


def html_of(document: Document) -> str:
    """Return a document as a whole HTML page. Everything in it is escaped."""
    return _template().render(document=document)


def is_plain_url(url: str) -> bool:
    """Tell whether an address may be drawn as a link."""
    return bool(_PLAIN_URL.fullmatch(url))


@cache
def _template() -> Template:
    made = Environment(
        loader=PackageLoader("himaya.response.rendering"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.tests["plain_url"] = is_plain_url
    style = PackageLoader("himaya.response.rendering").get_source(made, "document.css")[0]
    made.globals["style"] = Markup(style)  # noqa: S704  our own file, nothing foreign in it
    return made.get_template("document.html.j2")
