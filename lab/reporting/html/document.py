"""The frame of a page: its policy, its style and, where it has one, its script."""

from __future__ import annotations

import base64
import hashlib

from lab.reporting.html.assets import STYLE
from lab.reporting.html.markup import Markup, tag
from lab.version import __version__


def policy(script: str = "", live: bool = False) -> str:
    """Return a page's content-security policy: its own script and style alone, known by their hashes.

    Even if a string of a run's files found a way into the markup, a browser would neither run it nor load anything.

    Args:
        script: The page's script; empty where it has none.
        live: Whether a server on this machine sends media and events.
    """
    own = "'self' " if live else ""
    scripts = f"script-src '{_hash(script)}'; " if script else ""
    connect = "connect-src 'self'; " if live else ""
    return (
        f"default-src 'none'; {scripts}style-src '{_hash(STYLE)}'; img-src {own}data:; "
        f"media-src {own}data:; {connect}base-uri 'none'; form-action 'none'"
    )


def whole_page(
    heading: str,
    title: str,
    *parts: Markup | None,
    main: Markup,
    of: str,
    script: str = "",
    data: str = "",
    live: bool = False,
) -> str:
    """Return a whole page.

    Args:
        heading: What kind of page it is.
        title: What it is about.
        parts: What stands below the title, in the page's head.
        main: Its sections.
        of: Whose files it was written from.
        script: Its script; empty where it has none.
        data: JSON for the script.
        live: Whether a server on this machine sends media and events.
    """
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy(script, live)),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} · {heading.lower()}"),
        # Without it browsers ask a server for one.
        tag("link", rel="icon", href="data:,"),
        tag("style", Markup(STYLE)),
    )
    scripts: list[Markup] = []
    if script:
        scripts = [
            # Data, which no browser runs: no `<` of it can end the element or begin another.
            tag("script", Markup(data.replace("<", "\\u003c")), type="application/json", id="data"),
            tag("script", Markup(script)),
        ]
    body = tag(
        "body",
        tag("header", tag("h1", heading), tag("p", title), *parts),
        tag("noscript", tag("p", "Curves, players and sorting need the page's own script.", class_="note"))
        if script
        else None,
        tag("main", main),
        tag("footer", f"Written by lab {__version__} from the {of} own files; opens without a network."),
        *scripts,
    )
    return "<!doctype html>\n" + tag("html", head, body, lang="en") + "\n"


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
