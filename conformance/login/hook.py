"""A Python function of the user's own carries authorization requests."""

from __future__ import annotations

import importlib
import importlib.util
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from tokenspec.conformance.errors import LoginBlocked
from tokenspec.conformance.login.handed import Carry


def by_function(name: str) -> Carry:
    """Calls `name` (`file.py:function` or `module:function`), loaded when first needed.

    The function gets the authorization URL and the redirect URI and returns the callback URL, or
    `error-page:` and what the page says. It is called by one thread at a time.
    """
    lock = threading.Lock()
    loaded: list[Callable[[str, str], Any]] = []

    def carry(url: str, redirect_uri: str) -> str:
        with lock:
            if not loaded:
                loaded.append(_load(name))
            try:
                location = loaded[0](url, redirect_uri)
            except Exception as error:
                kind = type(error).__name__
                raise LoginBlocked(
                    f"login.function {name} raised {kind}: {error}", "call it by hand"
                ) from error
        if not isinstance(location, str):
            raise LoginBlocked(f"login.function {name} returned {location!r}, not a URL")
        return location

    return carry


def _load(name: str) -> Callable[[str, str], Any]:
    place, _, function = name.rpartition(":")
    try:
        module = (
            _from_file(Path(place)) if place.endswith(".py") else importlib.import_module(place)
        )
        found = getattr(module, function)
    except Exception as error:  # whatever the user's module does when it is loaded
        raise LoginBlocked(
            f"login.function {name} cannot be loaded: {error}", "function: login.py:authorize"
        ) from error
    if not callable(found):
        raise LoginBlocked(f"login.function {name} is not a function")
    return found  # type: ignore[no-any-return]  # callable, which is all that can be known


def _from_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
