"""Large widget code of the installed libraries, which the server sends once by address instead of once per widget.

It knows where the files are and how a widget asks for them; it imports none of the libraries.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

ASSET_PATH = "workbench/assets/"
"""Where the server serves them, below the base URL."""
PLOTLY_ASSET, ITABLES_ASSET, ITABLES_STYLE = "plotly-widget.js", "itables.js", "itables.css"

# The code runs from a blob, where a root-relative address has no origin: it has to be made absolute.
ADDRESS = f"""
const base = (document.body.dataset.baseUrl || '/voila/').replace(/voila\\/$/, '');
const asset = (name) => new URL(base + '{ASSET_PATH}' + name, document.location.origin).href;
"""
_PLOTLY = f"""
const module = await import(asset('{PLOTLY_ASSET}'));
export default module.default;
"""
# First in the head: the sheet of the workbench comes after it and wins.
_ITABLES_BY_ADDRESS = f"""
function itables() {{
  const style = asset('{ITABLES_STYLE}');
  if (![...document.styleSheets].some((sheet) => sheet.href === style)) {{
    document.head.prepend(Object.assign(document.createElement('link'), {{ rel: 'stylesheet', href: style }}));
  }}
  return import(asset('{ITABLES_ASSET}'));
}}
"""
_ITABLES_WITH_WIDGET = """
async function itables() {
  const address = URL.createObjectURL(new Blob([%s], { type: 'text/javascript' }));
  try { return await import(address); } finally { URL.revokeObjectURL(address); }
}
"""


def assets() -> dict[str, Path]:
    """Name -> file of every asset, in the packages that are installed, so that code and widgets always match."""
    plotly, itables = _folder("plotly"), _folder("itables")
    return {
        PLOTLY_ASSET: plotly / "package_data" / "widgetbundle.js",
        ITABLES_ASSET: itables / "html" / "dt_bundle.js",
        ITABLES_STYLE: itables / "html" / "dt_bundle.css",
    }


def plotly_widget() -> str:
    """JavaScript of a chart widget that takes plotly's code from its address."""
    return ADDRESS + _PLOTLY


def itables_loader(*, by_address: bool) -> str:
    """JavaScript that defines `itables()`, a promise of the library: from its address, or else from this very text."""
    if by_address:
        return ADDRESS + _ITABLES_BY_ADDRESS
    return _ITABLES_WITH_WIDGET % json.dumps(assets()[ITABLES_ASSET].read_text(encoding="utf-8"))


def _folder(package: str) -> Path:
    spec = find_spec(package)
    assert spec is not None and spec.origin is not None  # both are dependencies
    return Path(spec.origin).parent
