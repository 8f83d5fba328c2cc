"""Login pages of known products, as data: how each page is known, what is filled in and pressed."""

from __future__ import annotations

import base64
import binascii
import functools
import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import yaml

from tokenspec.conformance.errors import HarnessError
from tokenspec.conformance.http import read_json
from tokenspec.conformance.login.pages import Control, Form, Page

FOLDER = Path(__file__).parent / "recipes"
LOGIN, CONSENT, INTERSTITIAL = "login", "consent", "interstitial"
PAGES = (LOGIN, CONSENT, INTERSTITIAL, "one-time code", "captcha", "passkey", "action")


@dataclass(frozen=True, slots=True)
class Signs:
    """How a form is known; every sign that is given has to fit."""

    id: str = ""
    class_: str = ""  # one of the words of its class
    action: str = ""  # part of the address it is sent to
    fields: tuple[str, ...] = ()  # names that are there
    value: Mapping[str, str] = field(default_factory=dict)  # names with their values

    def fit(self, form: Form) -> bool:
        """Whether `form` bears all of them."""
        values = {control.name: control.value for control in form.controls}
        return (
            self.id in ("", form.id)
            and (not self.class_ or self.class_ in form.classes)
            and self.action in form.action
            and all(name in values for name in self.fields)
            and all(values.get(name) == value for name, value in self.value.items())
        )


@dataclass(frozen=True, slots=True)
class RecipePage:
    """One page of a product. `press` is the value of the button, where several bear its name."""

    page: str
    signs: Signs | None = None
    username: str = ""
    password: str = ""
    button: str = ""
    press: str = ""
    tick: tuple[str, ...] = ()
    settings: str = ""  # pattern of base64 JSON in the page's script
    post: str = ""  # where the script sends to
    json: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    bound_to: str = ""  # pattern of the user for whom alone the page is, where it names one
    leave: str = ""  # pattern of the link by which somebody else leaves such a page

    def button_of(self, form: Form) -> Control | None:
        """The button to press."""
        buttons = [c for c in form.of_kind("submit", "button", "image") if c.name == self.button]
        pressed = (b for b in buttons if not self.press or b.value == self.press)
        return next(pressed, None)


@dataclass(frozen=True, slots=True)
class Recipe:
    """The pages of one product."""

    name: str
    product: str
    pages: tuple[RecipePage, ...]


@dataclass(frozen=True, slots=True)
class Recognised:
    """A page as a recipe knows it; `form` None where a script does what a form would."""

    recipe: Recipe
    page: RecipePage
    form: Form | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def recognise(page: Page, name: str = "") -> Recognised | None:
    """The first recipe page that fits; of the recipe `name` alone, where one is named."""
    for recipe in _wanted(name):
        for known in recipe.pages:
            found = _recognised(recipe, known, page)
            if found is not None:
                return found
    return None


def script_request(found: Recognised, username: str, password: str) -> list[tuple[str, str]]:
    """What the script of a page would send, member by member; what is not known is left out."""
    own = {"username": username, "password": password}
    made = []
    for member, source in found.page.json.items():
        value = own.get(source.get("login", "")) or _setting(found.settings, source)
        if value:
            made.append((member, value))
    return made


def leaving(found: Recognised | None, page: Page, username: str) -> str:
    """Where `username` begins anew on a page that is for another user; empty where it is not."""
    known = found.page if found else None
    bound = re.search(known.bound_to, page.text) if known and known.bound_to else None
    link = re.search(known.leave, page.text) if known and bound else None
    if bound is None or link is None:
        return ""
    own = html.unescape(bound[1]).strip().casefold() == username.casefold()
    place = urlsplit(html.unescape(link[1]))
    return "" if own else urljoin(page.url, f"{place.path}?{place.query}")


@functools.cache
def recipes() -> tuple[Recipe, ...]:
    """Every recipe, read once.

    Raises:
        HarnessError: a bundled recipe is wrong.
    """
    return tuple(read_recipe(path) for path in sorted(FOLDER.glob("*.yaml")))


def read_recipe(path: Path) -> Recipe:
    """The recipe of a file.

    Raises:
        HarnessError: it is not one.
    """
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        pages = tuple(_page(item) for item in content["pages"])
        return Recipe(path.stem, content["product"], pages)
    except (KeyError, TypeError) as error:
        raise HarnessError(f"the login recipe {path.name} is wrong: {error}") from error


def _wanted(name: str) -> Iterable[Recipe]:
    return (recipe for recipe in recipes() if name in ("", recipe.name))


def _page(item: Mapping[str, Any]) -> RecipePage:
    values = dict(item)
    signs = values.pop("form", None)
    if values["page"] not in PAGES:
        raise KeyError(values["page"])
    if signs is not None:
        renamed = {("class_" if name == "class" else name): v for name, v in signs.items()}
        values["signs"] = Signs(**renamed | {"fields": tuple(signs.get("fields", ()))})
    return RecipePage(**values | {"tick": tuple(values.get("tick", ()))})


def _recognised(recipe: Recipe, known: RecipePage, page: Page) -> Recognised | None:
    if known.settings:
        settings = _settings(known.settings, page.text)
        return Recognised(recipe, known, settings=settings) if settings else None
    form = next((form for form in page.forms if known.signs and known.signs.fit(form)), None)
    return Recognised(recipe, known, form) if form is not None else None


def _settings(pattern: str, text: str) -> dict[str, Any]:
    found = re.search(pattern, text)
    if found is None:
        return {}
    try:
        content = read_json(base64.b64decode(found.group(1)))
    except (ValueError, binascii.Error, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _setting(settings: Mapping[str, Any], source: Mapping[str, str]) -> str:
    value: Any = settings
    for name in source.get("setting", "").split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) and value else source.get("default", "")
