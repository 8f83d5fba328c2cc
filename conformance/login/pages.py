"""What an HTML page asks of the user: its forms, read leniently and never run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from html.parser import HTMLParser
from urllib.parse import urljoin

from tokenspec.conformance.texts import legible, shortened

CAPTCHAS = ("recaptcha", "hcaptcha", "turnstile", "arkoselabs", "funcaptcha", "captcha")
# a word of a class that a captcha is put into: g-recaptcha, h-captcha, cf-turnstile; not no-captcha
CAPTCHA_CLASS = re.compile(r"(?!no-)[a-z]{1,4}-(re)?captcha|cf-turnstile")
UNSEEN = ("script", "style", "title", "template", "noscript")  # elements whose text nobody reads
MOST_WORDS = 2_000  # characters of visible text that are kept of a page
PASSKEYS = re.compile(r"webauthn|passkey|publickeycredential|security.?key", re.IGNORECASE)
ONE_TIME_NAMES = re.compile(r"(^|[_.-])(otp|totp|mfa|2fa|one.?time)", re.IGNORECASE)
USERNAME_NAMES = (
    "username",
    "sub",
    "login",
    "email",
    "identifier",
    "user",
    "userid",
    "user_id",
    "j_username",
)
ACCEPTING = re.compile(
    r"accept|allow|approve|yes|continue|confirm|authori[sz]e|agree|grant", re.IGNORECASE
)
DENYING = re.compile(r"deny|cancel|reject|refuse|decline|abort|disagree|no\b", re.IGNORECASE)
SIGNING = re.compile(r"sign.?in|log.?in|log.?on|submit|next|continue", re.IGNORECASE)
# Buttons beside the one that sends the fields: other ways to sign in, and ways out.
ELSEWHERE = re.compile(
    r"\b(with|via|using)\b|sso\b|passkey|forgot|reset|sign.?up|register|create|resend|show|"
    r"back|return|home|again|retry|restart|close|dismiss|sign.?out|log.?out",
    re.IGNORECASE,
)
REFRESH = re.compile(r"^\s*\d+\s*;\s*url\s*=\s*['\"]?([^'\"]+)", re.IGNORECASE)
NO_TEXT = "(no text, but bytes of something else)"
MOST = 2_000  # elements of one kind that are read of a page
PIECE = 16 * 1024  # characters of a page that are read at once
LONGEST_TAG = 64 * 1024  # characters until a tag or comment that has begun has to have ended


class PageKind(StrEnum):
    """What a page wants."""

    LOGIN = "login"
    CONSENT = "consent"
    CAPTCHA = "captcha"
    ONE_TIME_CODE = "one-time code"
    PASSKEY = "passkey"
    SCRIPT_ONLY = "script only"
    OTHER = "other"


@dataclass(slots=True)
class Control:
    """An input or button of a form."""

    kind: str  # text, password, hidden, submit, checkbox, …
    name: str = ""
    value: str = ""
    hint: str = ""  # id, autocomplete and placeholder, to guess what an unnamed field is
    text: str = ""  # the words on a button
    checked: bool = False
    action: str = ""  # of a button that sends its form elsewhere; absolute
    method: str = ""  # the same of how


@dataclass(slots=True)
class Form:
    """A form; `action` is absolute."""

    action: str
    method: str
    controls: list[Control] = field(default_factory=list)
    id: str = ""
    classes: tuple[str, ...] = ()

    def of_kind(self, *kinds: str) -> list[Control]:
        """The controls of these kinds."""
        return [control for control in self.controls if control.kind in kinds]

    @property
    def password(self) -> Control | None:
        """The field for the password; one without a name is sent nowhere."""
        return next((field_ for field_ in self.of_kind("password") if field_.name), None)

    @property
    def username(self) -> Control | None:
        """The field for the username: by its usual names, else the first text field."""
        fields_ = self.of_kind("text", "email", "tel")
        named = (c for c in fields_ if c.name.lower() in USERNAME_NAMES or "username" in c.hint)
        return next(named, fields_[0] if fields_ else None)


@dataclass(slots=True)
class Page:
    """A page taken apart."""

    forms: list[Form] = field(default_factory=list)
    refresh: str = ""  # where an http-equiv refresh leads
    scripts: bool = False
    captcha: str = ""  # the kind of one that has to be solved
    captcha_word: bool = False  # an attribute speaks of one, and none was seen
    passkey: bool = False  # it speaks of a passkey or security key
    url: str = ""
    title: str = ""
    text: str = ""  # the markup itself
    visible: str = ""  # what a person reads, but for what a script writes

    @property
    def kind(self) -> PageKind:
        """What the page wants of the user."""
        if self.login_form is not None:
            return PageKind.CAPTCHA if self.captcha else PageKind.LOGIN
        controls = [control for form in self.forms for control in form.controls]
        if any(ONE_TIME_NAMES.search(c.name) or "one-time-code" in c.hint for c in controls):
            return PageKind.ONE_TIME_CODE
        if self.passkey:
            return PageKind.PASSKEY
        if self.consent_form is not None:
            return PageKind.CAPTCHA if self.captcha else PageKind.CONSENT
        if self.captcha:
            return PageKind.CAPTCHA
        return PageKind.SCRIPT_ONLY if self.scripts and not self.forms else PageKind.OTHER

    @property
    def login_form(self) -> Form | None:
        """The form that asks for a password, or for a username alone."""
        with_password = next((form for form in self.forms if form.password), None)
        if with_password is not None:
            return with_password
        return next((form for form in self.forms if _asks_username(form)), None)

    @property
    def consent_form(self) -> Form | None:
        """The form with a button that accepts."""
        posted = [form for form in self.forms if form.method == "POST"]
        accepting = (form for form in posted if accepting_button(form) is not None)
        return next(accepting, None)


def accepting_button(form: Form) -> Control | None:
    """The button that says yes, or the only one; never one that says no or leads away."""
    words = _said_on_buttons(form)
    willing = [(button, said) for button, said in words if not DENYING.search(said)]
    clear = (b for b, said in willing if ACCEPTING.search(said))
    lone = [b for b, said in willing if not ELSEWHERE.search(said)] if len(willing) == 1 else []
    return next(clear, lone[0] if lone else None)


def named_button(form: Form, wanted: Iterable[str]) -> Control | None:
    """The first button that one of these texts is on, or is the name or value of."""
    asked = {text.casefold() for text in wanted}
    buttons = form.of_kind("submit", "button", "image")
    return next((b for b in buttons if asked & {x.casefold() for x in _texts_of(b)}), None)


def label_of(button: Control) -> str:
    """What a person would call a button."""
    return next((text for text in _texts_of(button) if text), "the only button")


def leads_away(form: Form) -> bool:
    """Whether every button of a form says no, or leads elsewhere: back, out, to another way."""
    words = _said_on_buttons(form)
    return bool(words) and all(DENYING.search(w) or ELSEWHERE.search(w) for _, w in words)


def _texts_of(button: Control) -> tuple[str, str, str]:
    return " ".join(button.text.split()), button.value, button.name


def _said_on_buttons(form: Form) -> list[tuple[Control, str]]:
    buttons = form.of_kind("submit", "button", "image")
    return [(b, f"{b.name} {b.value} {b.text}") for b in buttons]


def sign_in_button(form: Form) -> Control | None:
    """The button that sends username and password: by its words, else the form's default button.

    That is the first submit button in tree order (HTML Standard, "Implicit submission").
    """
    words = _said_on_buttons(form)
    own = [(b, said) for b, said in words if not (ELSEWHERE.search(said) or DENYING.search(said))]
    named = (button for button, said in own if SIGNING.search(said))
    return next(named, own[0][0] if own else None)


def agreed(form: Form) -> Form:
    """A consent form with its boxes ticked, and of each group of radios one chosen.

    It is a yes, or else the first; a group in which one is chosen already is left alone.
    """
    radios = form.of_kind("radio")
    decided = {radio.name for radio in radios if radio.checked}
    chosen: dict[str, Control] = {}
    for radio in sorted(radios, key=lambda r: not ACCEPTING.search(f"{r.value} {r.hint}")):
        chosen.setdefault(radio.name, radio)

    def ticked(control: Control) -> bool:
        if control.kind == "radio" and control.name not in decided:
            return chosen[control.name] is control
        return control.checked or control.kind == "checkbox"

    return replace(form, controls=[replace(c, checked=ticked(c)) for c in form.controls])


def denying_button(form: Form) -> Control | None:
    """The button that says no, where another says yes."""
    if accepting_button(form) is None:
        return None
    buttons = form.of_kind("submit", "button", "image")
    return next((b for b in buttons if DENYING.search(f"{b.name} {b.value} {b.text}")), None)


def filled(
    form: Form,
    values: dict[str, str],
    button: Control | None,
    ticked: tuple[str, ...] = (),
) -> list[tuple[str, str]]:
    """What a browser sends: `values` filled in, the boxes `ticked`, `button` pressed."""
    sent = []
    for control in form.controls:
        if not control.name or control.kind in ("submit", "button", "image", "reset", "file"):
            continue
        chosen = control.checked or control.name in ticked
        if control.kind in ("checkbox", "radio") and not chosen:
            continue
        sent.append((control.name, values.get(control.name, control.value)))
    if button is not None and button.name:
        sent.append((button.name, button.value))
    return sent


def read_page(url: str, text: str) -> Page:
    """The page at `url`; never raises, whatever the text is, and takes time in proportion to it.

    Whatever has begun and not ended is left out, as browsers do. `HTMLParser` would go back to it
    (`close`), again and again for each sign in it that could begin something.
    """
    parser = _Parser(url)
    for start in range(0, len(text), PIECE):
        parser.feed(text[start : start + PIECE])
        if parser.cdata_elem is None and len(parser.rawdata) > LONGEST_TAG:
            break
    parser.page.url, parser.page.text = url, text
    return parser.page


def words_of(text: str) -> str:
    """What a person reads on a page, in one line; says so where it is not text."""
    return words_on(read_page("", text))


def words_on(page: Page) -> str:
    """The same of a page that was read; its title where a script writes the rest."""
    if page.text and not legible(page.text[:MOST_WORDS]):
        return NO_TEXT
    return legible(shortened(page.visible or page.title))


def _asks_username(form: Form) -> bool:
    field_ = form.username
    return field_ is not None and (
        field_.name.lower() in USERNAME_NAMES or field_.kind == "email" or "username" in field_.hint
    )


class _Parser(HTMLParser):
    """Gathers forms, refreshes and scripts."""

    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._base = url
        self._form: Form | None = None
        self._button: Control | None = None
        self._in_title = False
        self._in_script = False
        self._unseen = 0  # elements that are open and not read

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self._unseen += tag in UNSEEN
        if tag in ("form", "button") and PASSKEYS.search(" ".join(attributes.values())):
            self.page.passkey = True
        self._look_for_captcha(tag, attributes)
        match tag:
            case "base" if attributes.get("href"):
                self._base = _join(self._base, attributes["href"])
            case "meta" if attributes.get("http-equiv", "").lower() == "refresh":
                found = REFRESH.match(attributes.get("content", ""))
                self.page.refresh = _join(self._base, found.group(1)) if found else ""
            case "script":
                self.page.scripts = True
                self._in_script = True
            case "title":
                self._in_title = True
            case "form" if len(self.page.forms) < MOST:
                self._begin_form(attributes)
            case "input" | "button" | "select" | "textarea":
                self._control(tag, attributes)
            case _:
                pass

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(self._unseen - (tag in UNSEEN), 0)
        if tag == "form":
            self._form = None
        elif tag == "title":
            self._in_title = False
        elif tag == "script":
            self._in_script = False
        elif tag == "button":
            self._button = None

    def handle_data(self, data: str) -> None:
        if not self._unseen and len(self.page.visible) < MOST_WORDS:
            words = " ".join(data.split())
            self.page.visible = f"{self.page.visible} {words}".strip()[:MOST_WORDS]
        if self._in_title:
            self.page.title = f"{self.page.title}{data}".strip()[:100]
        if self._in_script and "navigator.credentials" in data:
            self.page.passkey = True
        if self._button is not None:
            self._button.text = f"{self._button.text} {data}".strip()[:200]

    def _begin_form(self, attributes: dict[str, str]) -> None:
        action = _join(self._base, attributes.get("action", ""))
        method = _method(attributes.get("method", ""))
        classes = tuple(attributes.get("class", "").split())
        self._form = Form(action, method, id=attributes.get("id", ""), classes=classes)
        self.page.forms.append(self._form)

    def _control(self, tag: str, attributes: dict[str, str]) -> None:
        if self._form is None or len(self._form.controls) >= MOST:
            return
        usual = {"button": "submit", "input": "text"}.get(tag, tag)
        control = Control(
            kind=attributes.get("type", usual).lower(),
            name=attributes.get("name", ""),
            value=attributes.get("value", ""),
            hint=" ".join(attributes.get(n, "") for n in ("id", "autocomplete")).lower(),
            checked="checked" in attributes,
            action=_join(self._base, attributes["formaction"])
            if "formaction" in attributes
            else "",
            method=_method(attributes["formmethod"]) if "formmethod" in attributes else "",
        )
        self._form.controls.append(control)
        if tag == "button":
            self._button = control

    def _look_for_captcha(self, tag: str, attributes: dict[str, str]) -> None:
        """One that has to be solved: its script, its frame, its place, or a field for its text."""
        if self.page.captcha:
            return
        said = " ".join((*attributes, *attributes.values())).lower()
        if not any(name in said for name in CAPTCHAS):
            return
        self.page.captcha_word = True
        source = attributes.get("src", "").lower()
        field_ = tag == "input" and attributes.get("type", "text").lower() != "hidden"
        named = f"{attributes.get('name', '')} {attributes.get('id', '')}" if field_ else ""
        classes = attributes.get("class", "").lower().split()
        placed = " ".join(word for word in classes if CAPTCHA_CLASS.fullmatch(word))
        where = f"{source} {named.lower()} {placed}"
        self.page.captcha = next((name for name in CAPTCHAS if name in where), "")


def _method(said: str) -> str:
    return "POST" if said.strip().lower() == "post" else "GET"


def _join(base: str, link: str) -> str:
    try:
        return urljoin(base, link.strip())
    except ValueError:
        return base
