"""A document as PDF, by WeasyPrint: tagged (PDF/UA-1, ISO 14289-1), with the fonts beside this file embedded.

Loaded when somebody asks for a PDF: it needs the extra `pdf` and Pango of the system.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from himaya.core.errors import ServiceError
from himaya.response.rendering.document import Document
from himaya.response.rendering.html import html_of

_FONTS = Path(__file__).parent / "fonts"
_VARIANT = "pdf/ua-1"
_MISSING = "PDF needs WeasyPrint and Pango: install himaya[pdf] and the package libpango-1.0-0, or ask for HTML"


def loaded() -> tuple[Any, Any]:
    """Return WeasyPrint and its `FontConfiguration`. Raises ServiceError when it or Pango is missing."""
    try:
        # Half a second to load, and not there without the extra.
        import weasyprint  # noqa: PLC0415
        from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415
    except (ImportError, OSError) as problem:  # OSError: a library of the system is not there
        raise ServiceError(_MISSING) from problem
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    return weasyprint, FontConfiguration


def pdf_of(document: Document) -> bytes:
    """Return a document as a tagged PDF. Raises ServiceError when WeasyPrint or Pango is missing."""
    weasyprint, configuration = loaded()
    fonts = configuration()
    style = weasyprint.CSS(string=_faces(), font_config=fonts, url_fetcher=_ours)
    page = weasyprint.HTML(string=html_of(document), url_fetcher=_ours)
    made: bytes = page.write_pdf(
        stylesheets=[style], font_config=fonts, pdf_variant=_VARIANT, pdf_tags=True
    )
    return made


def _faces() -> str:
    """Return the style that puts our fonts first, whatever the machine has."""
    faces = "".join(
        f'@font-face{{font-family:"himaya";font-weight:{weight};src:url("{(_FONTS / name).as_uri()}")}}'
        for weight, name in (("normal", "DejaVuSans.ttf"), ("bold", "DejaVuSans-Bold.ttf"))
    )
    return faces + 'html,body{font-family:"himaya",sans-serif !important}'


def _ours(url: str) -> dict[str, Any]:
    """Hand out our own fonts and nothing else: a document loads nothing from anywhere."""
    for path in _FONTS.glob("*.ttf"):
        if url == path.as_uri():
            return {"string": path.read_bytes(), "mime_type": "font/ttf"}
    raise ValueError("a document loads nothing")
