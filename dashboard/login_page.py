"""The page of ``/login``: one document of ours, without Dash and without a script that it would need."""

from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import urlencode

from dashboard import sheets
from dashboard.files import Files
from dashboard.i18n import Words
from dashboard.preferences import HTML_LANGUAGE, Preferences
from geo.errors import NeedleError

NEXT_THEME: Final = {"dark": "light", "light": "dark"}


@dataclass(frozen=True)
class LoginPage:
    """What the page shows.

    Attributes
    ----------
    wanted : str
        The address that follows.
    error : NeedleError or None
        Why the last attempt failed.
    username : str
        What was typed.
    provider : str or None
        What the identity provider is called, where one is set up.
    """

    preferences: Preferences
    wanted: str
    error: NeedleError | None
    username: str
    provider: str | None


def login_page(page: LoginPage, files: Files) -> str:
    """The whole document."""
    say, choice = page.preferences.say, page.preferences.theme or "auto"
    shown = "light" if choice == "light" else "dark"
    return f"""<!DOCTYPE html>
<html lang="{HTML_LANGUAGE[say.language]}" data-theme="{shown}" data-choice="{choice}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{escape(say("login.title"))}</title>
    <script src="{files.root}/head.js"></script>
    <link rel="stylesheet" href="{files.root}/{sheets.NAME}">
    <link rel="icon" type="image/svg+xml" href="{files.root}/icon.svg">
  </head>
  <body class="login" data-ready="true">
    <main class="login-card">
      <header class="login-head">
        <span class="brand-mark" aria-hidden="true"></span>
        <div><h1>{escape(say("login.name"))}</h1><p>{escape(say("login.subtitle"))}</p></div>
      </header>
      {trouble(page.error, say)}
      {form(page, say)}
      {other_way(page, say)}
      <p class="login-note">{escape(say("login.help"))}</p>
    </main>
    <nav class="login-choices" aria-label="{escape(say("frame.controls"))}">{choices(page, say, shown)}</nav>
  </body>
</html>"""


def trouble(error: NeedleError | None, say: Words) -> str:
    """What was wrong, read out at once."""
    if error is None:
        return ""
    return f'<p class="login-trouble" role="alert" id="login-trouble">{escape(error.sentence(say.language))}</p>'


def form(page: LoginPage, say: Words) -> str:
    """Username and password."""
    wrong = ' aria-invalid="true" aria-describedby="login-trouble"' if page.error else ""
    first, second = ("", " autofocus") if page.username else (" autofocus", "")
    return f"""<form method="post" action="/login" class="login-form">
        <input type="hidden" name="next" value="{escape(page.wanted)}">
        <label>{escape(say("login.username"))}
          <input name="username" value="{escape(page.username)}" required maxlength="40" autocomplete="username"
            autocapitalize="none" spellcheck="false"{wrong}{first}></label>
        <label>{escape(say("login.password"))}
          <input name="password" type="password" required maxlength="200" autocomplete="current-password"{wrong}{second}></label>
        <button class="login-button">{escape(say("login.button"))}</button>
      </form>"""


def other_way(page: LoginPage, say: Words) -> str:
    """The identity provider's button, where there is one."""
    if page.provider is None:
        return ""
    address = escape(f"/login/oidc?{urlencode({'next': page.wanted})}")
    words = escape(say("login.provider", name=page.provider))
    return f'<p class="login-or">{escape(say("login.or"))}</p><a class="login-other" href="{address}">{words}</a>'


def choices(page: LoginPage, say: Words, shown: str) -> str:
    """Language and theme, as plain links."""
    other = "en" if say.language == "zh" else "zh"
    theme = NEXT_THEME[shown]
    keep = {"next": page.wanted, "lang": say.language, "theme": page.preferences.theme or "auto"}
    language, light = (escape(f"/login?{urlencode(keep | change)}") for change in ({"lang": other}, {"theme": theme}))
    return (
        f'<a href="{language}" hreflang="{other}">{escape(say("login.language"))}</a>'
        f'<a href="{light}">{escape(say(f"frame.theme.{theme}"))}</a>'
    )
