"""Documents to people, authorities and others: one model, rendered as plain text, HTML and PDF.

`document` is the model, `shown` makes foreign text safe to put into it; `text`, `html` and `pdf` render it.
"""

from __future__ import annotations

from himaya.response.rendering.document import Document as Document
from himaya.response.rendering.document import Link as Link
from himaya.response.rendering.document import Part as Part
from himaya.response.rendering.document import Table as Table
from himaya.response.rendering.html import html_of as html_of
from himaya.response.rendering.shown import value as value
from himaya.response.rendering.shown import within as within
from himaya.response.rendering.text import text_of as text_of
