"""Template tags: say whom a template shows, and leave out what must not be shown.

{% load himaya %}
{% himaya_disclose person.pk "name,email" %}
{% himaya_redacted "email" as hide_email %}{% if not hide_email %}{{ person.email }}{% endif %}
"""

from __future__ import annotations

from django import template

from himaya.gate.disclose import disclose, redacted

register = template.Library()


@register.simple_tag  # type: ignore[untyped-decorator]  # Django ships no types
def himaya_disclose(subject: object, fields: str | None = None) -> str:
    """Say that `subject` (an id, or an object with `pk`) is shown with `fields` (names with commas); prints nothing."""
    disclose(getattr(subject, "pk", subject), fields)
    return ""


@register.simple_tag  # type: ignore[untyped-decorator]  # Django ships no types
def himaya_redacted(field: str) -> bool:
    """Tell whether a field must be left out of this response."""
    return field in redacted()
