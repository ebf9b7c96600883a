"""Releases that several papers are written from: the real example's, and a toy's with its places told or hidden."""

import resource
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
from small_projects import dingxi

from eco.sharing.release import release

KEY, TODAY = b"k" * 32, date(2026, 1, 1)
# What no estimate of few draws can tell: shares by hand, two of them of judgements.
DRIVERS = pd.DataFrame(
    [
        ("bees", "frost_year", "霜冻年", "Severe spring frost", 0.4, "D", "judgement", "expert judgement"),
        ("bees", "honey_price", "蜂蜜出售价", "Honey price received", 0.25, "B", "press", "中国蜂业 2018(9)"),
        (
            "juncao",
            "juncao_price",
            "鲜草价格",
            "Price of fresh forage",
            0.1,
            "C",
            "web",
            "定西建设“西部草都”",
        ),
        ("forest", "plant_days", "造林用工", "Days of planting", 0.0, "D", "judgement", "expert judgement"),
    ],
    columns=["livelihood", "parameter", "label_zh", "label_en", "share", "grade", "kind", "source"],
).assign(unit="yuan", varies="together", share_of_livelihood=0.5, part=lambda rows: rows["share"])


def dingxi_in(edition, lang="zh", **more):
    """The real example in an edition, with the year before beside its own."""
    gains = dingxi().gains
    project = gains.exposure.project
    return release(project, gains=gains, edition=edition, lang=lang, key=KEY, years=(2019,), **more)


@cache
def told_dingxi(edition, lang="zh"):
    """The same of one day, with shares by hand."""
    return dingxi_in(edition, lang, drivers=DRIVERS, today=TODAY)


def told_toy(project, gains, edition="county", lang="zh", **more):
    """A toy's release with totals by hand: 12 million yuan before costs, 4 gained, 1 lost with own labour priced."""
    made = release(project, gains=gains, edition=edition, lang=lang, key=KEY, today=TODAY, **more)
    rows = {"gross_receipts_yuan": 12e6, "gain_yuan": 4e6, "gain_economic_yuan": -1e6, "crossing_up": 345.0}
    mean = pd.Series(rows)
    spread = pd.DataFrame({"mean": mean, "p10": mean - 1e5, "p50": mean, "p90": mean + 2e5})
    return replace(made, totals=spread, drivers=DRIVERS)


def with_hidden(made, *codes):
    """The release with the numbers of some townships hidden."""
    frame = made.places["township"].copy()
    numbers = [name for name in frame if frame[name].dtype == float or name in ("households", "persons")]
    frame[numbers] = frame[numbers].astype(float)
    frame.loc[list(codes), numbers] = np.nan
    frame["shown"] = [code not in codes for code in frame.index]
    return replace(made, places={**made.places, "township": frame})


@contextmanager
def small_disk(most_bytes):
    """No file may grow beyond so many bytes: writing ends as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
