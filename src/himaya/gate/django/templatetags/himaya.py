"""Template tags: say whom a template shows, leave out what must not be shown, link to people.

{% load himaya %}
{% himaya_disclose person.pk "name,email" %}
{% himaya_redacted "email" as hide_email %}{% if not hide_email %}{{ person.email }}{% endif %}
<a href="{% himaya_link person %}">, or another view than "profile": {% himaya_link person "card" %}
"""

from __future__ import annotations

from django import template
from django.http import HttpRequest
from django.template import Context

from himaya.core.errors import ConfigError
from himaya.gate.disclose import disclose, redacted
from himaya.gate.django.ids import link_to, share_link

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


@register.simple_tag(takes_context=True)  # type: ignore[untyped-decorator]  # Django ships no types
def himaya_link(context: Context, person: object, view: str = "profile") -> str:
    """Return the URL of `view` for a person (an id, or an object with `pk`) that works for this viewer only."""
    return link_to(_request(context), person, view)


@register.simple_tag(takes_context=True)  # type: ignore[untyped-decorator]  # Django ships no types
def himaya_share(context: Context, person: object, view: str = "profile") -> str:
    """Return a URL of `view` that works for everybody for a week; for a link sent on purpose, never for lists."""
    return share_link(_request(context), person, view)


def _request(context: Context) -> HttpRequest:
    request = context.get("request")
    if request is None:
        raise ConfigError(
            "links to people need the request in the template: render(request, ...) with the context processor"
            " django.template.context_processors.request"
        )
    return request
