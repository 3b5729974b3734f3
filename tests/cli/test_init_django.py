"""The printed Django settings and views, in a real Django."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from himaya.cli.init import init
from himaya.config import loads

SITE = """
import os, sys
import django
from django.conf import settings

SECRET_KEY = "test"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "urls"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": ["templates"]}]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.common.CommonMiddleware",
]
"""

URLS = """
from django.urls import path
from django.shortcuts import render
from types import SimpleNamespace

def find_people(query):
    return [SimpleNamespace(pk=7, name="Amal", email="a@b.example")] if query else []
"""

TRY = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
import django
django.setup()
from django.core.management import call_command
from django.test import Client
call_command("check", fail_level="WARNING")
answer = Client().get("/search/?q=a")
print(answer.status_code, answer.content.decode().strip())
"""


def printed(tmp_path: Path) -> dict[str, str]:
    """Return the printed text by the file it belongs to."""
    words = ["django", "--config", f"{tmp_path}/himaya.toml", "--socket", f"{tmp_path}/none.sock"]
    result = CliRunner().invoke(init, words)
    assert result.exit_code == 0
    parts = result.output.split("# ---- ")[1:]
    return {part.partition(" ----")[0]: part.partition("\n")[2] for part in parts}


def toml_of(tmp_path: Path) -> str:
    """Return the printed himaya.toml."""
    text = printed(tmp_path)[f"{tmp_path}/himaya.toml"]
    rows = [row.removeprefix("# ").removeprefix("#") for row in text.splitlines()]
    return "\n".join(row for row in rows if not row.startswith("Behind"))


def test_the_printed_site_works_without_the_gate(tmp_path: Path) -> None:
    """Settings, middleware, view and template pass Django's own check, and a stopped gate changes nothing."""
    files = printed(tmp_path)
    (tmp_path / "settings.py").write_text(SITE + files["settings.py"])
    route = '\nurlpatterns = [path("search/", search)]\n'
    (tmp_path / "urls.py").write_text(URLS + files["views.py"] + route)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/search.html").write_text(
        '{% load himaya %}{% for person in people %}{{ person.name }}{% himaya_disclose person.pk "name" %}'
        '{% himaya_redacted "email" as hide %}{% if not hide %} {{ person.email }}{% endif %}{% endfor %}'
    )
    (tmp_path / "himaya.toml").write_text(toml_of(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", TRY], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "200 Amal a@b.example" in done.stdout


def test_the_printed_configuration_loads(tmp_path: Path) -> None:
    """The surface beside the view is complete: its people are seen through the application."""
    config = loads(toml_of(tmp_path))
    assert config.surfaces[0].people == ("app",)
    assert config.unseen_surfaces(sees_body=False) == ()


def test_the_way_without_middleware_is_python(tmp_path: Path) -> None:
    """The commented lines for a site behind nginx name people in the header that himaya reads."""
    name = next(name for name in printed(tmp_path) if name.startswith("instead of"))
    code = "\n".join(
        row.removeprefix("# ").removeprefix("#") for row in printed(tmp_path)[name].splitlines()
    )
    response: dict[str, str] = {}
    from types import SimpleNamespace as Thing

    names = {"people": [Thing(pk=1), Thing(pk=2)], "request": Thing(user=Thing(pk=9))}
    exec(code, {"response": response, **names})
    assert response["Himaya-Account"] == "9"
    assert response["Himaya-Subjects"] == "1;fields=name|employer, 2;fields=name|employer"
