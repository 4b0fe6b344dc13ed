"""What every page is made of: its policy, its files, and data that cannot end the element it stands in."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Final

#: the browser itself refuses what would leave the page
POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:; "
    "base-uri 'none'; form-action 'none'"
)


def embedded(value: object) -> str:
    """Return JSON that cannot end the element it stands in, whatever a name holds."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def asset(name: str) -> str:
    """Return a file that stands beside this one."""
    return files("zoo.report").joinpath(name).read_text(encoding="utf-8")


def plotly_script() -> str:
    """Return plotly.js, about 5 MB, to stand in a script element."""
    from plotly.offline import get_plotlyjs

    text: str = get_plotlyjs()
    return text.replace("</script", "<\\/script")


__all__ = ["POLICY", "asset", "embedded", "plotly_script"]
