"""How a report's page is filled: templates that share one css, and numbers as its reader reads them."""

from __future__ import annotations

import pandas as pd

from eco.units import YUAN_PER_WAN


def report_template(name: str):
    """One of the reports' templates, all of which share report.css; what is filled in is text."""
    from jinja2 import Environment, PackageLoader

    loader = PackageLoader("eco", "sharing")
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, loader=loader).get_template(
        name
    )


def wan(yuan: float | None) -> str:
    """Yuan as ten thousands with one decimal.

    >>> wan(123456.0), wan(None)
    ('12.3', '–')
    """
    return "–" if yuan is None or pd.isna(yuan) else f"{yuan / YUAN_PER_WAN:,.1f}"


def number(value: float | None) -> str:
    """A count with thousands marked.

    >>> number(1234.6), number(None)
    ('1,235', '–')
    """
    return "–" if value is None or pd.isna(value) else f"{value:,.0f}"
