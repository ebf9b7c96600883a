"""The estimate once more, in plain Python: one household, one link, one world at a time.

Written from the income model, not from the package: of `eco` it uses only the linked tables and the drawn
numbers. Slow, and meant to be read.
"""

from __future__ import annotations

from eco.income.exposure import Exposure
from eco.parameters.draws import Draws, Worlds, unit_keys
from eco.parameters.numbers import Numbers


class Book:
    """One household's year in one world."""

    def __init__(self):
        self.by_livelihood = {"forest": 0.0, "juncao": 0.0, "bees": 0.0}
        self.days_of = {"forest": 0.0, "juncao": 0.0, "bees": 0.0}
        self.one_off = self.one_off_days = self.gross = 0.0
        self.livelihood = ""

    def receive(self, yuan, *, one_off=False, gross=True):
        self.by_livelihood[self.livelihood] += yuan
        self.one_off += yuan if one_off else 0.0
        self.gross += yuan if gross else 0.0

    def spend(self, yuan):
        self.by_livelihood[self.livelihood] -= yuan

    def work(self, days, *, one_off=False):
        self.days_of[self.livelihood] += days
        self.one_off_days += days if one_off else 0.0


def estimate(exposure: Exposure, numbers: Numbers, *, draws: int, seed: int, year: int, line: float) -> dict:
    """By household id: lists over worlds of gain, one_off, labour, base and so on."""
    worlds = Worlds(numbers, draws, seed)
    links: dict[str, list] = {}
    for link in exposure.links.to_dict("records"):
        links.setdefault(link["household_id"], []).append(link)
    answer = {}
    for home in exposure.project.households.drop(columns="geometry").to_dict("records"):
        own = links.get(home["household_id"], [])
        books = [_year(home, own, exposure, worlds, year, w) for w in range(draws)]
        base = [_base(home, own, exposure, worlds, year, w) for w in range(draws)]
        answer[home["household_id"]] = _summary(home, books, base, line, numbers["gain_threshold"].mode)
    return answer


def _year(home, links, exposure, worlds, year, w, *, recorded_only=False) -> Book:
    book = Book()
    book.labour = 0.0
    for link in links:
        if recorded_only and not link["recorded"]:
            continue
        site = exposure.sites[link["livelihood"]].loc[link["site_id"]]
        book.livelihood = link["livelihood"]
        link["own_share"] = _own_share(link, links, year)
        county = f"{site['county']:.0f}"
        drawn = _Drawn(worlds, year, link["site_id"], home["household_id"], county, w)
        {"forest": _forest, "juncao": _juncao, "bees": _bees}[link["livelihood"]](
            link, site, drawn, year, book
        )
    own = home["household_id"]
    _price_days(home, book, _Drawn(worlds, year, own, own, home["village_code"][:6], w))
    return book


def _own_share(link, links, year) -> float:
    """A link's part of what its household holds in the role by then."""
    kind = ("livelihood", "role")
    begun = [other for other in links if all(other[k] == link[k] for k in kind) and other["year"] <= year]
    total = sum(other["quantity"] for other in begun)
    return link["quantity"] / total if total and link["year"] <= year else 0.0


_KNOWN: dict = {}


class _Drawn:
    """`drawn["honey_price"]`: what one link of one household meets in one world."""

    def __init__(self, worlds, year, site_id, household_id, county, w):
        self.key = (id(worlds.numbers), worlds.seed, worlds.draws, year, site_id, household_id, county)
        self.worlds, self.w = worlds, w

    def __getitem__(self, name) -> float:
        if (self.key, name) not in _KNOWN:
            *_, year, site_id, household_id, county = self.key
            keys = [unit_keys([unit]) for unit in (site_id, household_id, county)]
            draws = Draws(self.worlds, year, *keys)
            # The numbers ride along so that their id is not given to others while this is remembered.
            _KNOWN[self.key, name] = (draws[name][0].tolist(), self.worlds.numbers)
        values = _KNOWN[self.key, name][0]
        return values[self.w] if len(values) > 1 else values[0]


def _quantity(link, site, share) -> float:
    if link["recorded"]:
        return link["quantity"]
    return link["weight"] * max(site["site_quantity"] * share - link["site_recorded"], 0.0)


def _forest(link, site, n, year, book):
    role, by_days = link["role"], link["unit"] == "days"
    age = year - site["planted_year"]
    if role == "planter" and year == link["year"]:
        if by_days:
            book.receive(link["quantity"] * n["day_wage_planting"], one_off=True)
            book.work(link["quantity"], one_off=True)
        else:
            mu = _quantity(link, site, n["plant_poor_share"])
            pay, days = _planting_a_mu(n)
            book.receive(mu * pay, one_off=True)
            book.work(mu * days, one_off=True)
    if role == "tender":
        now = year == link["year"] if link["recorded"] else 0 <= age < n["tending_years"]
        mu = _quantity(link, site, n["plant_poor_share"])
        days = (link["quantity"] if by_days else mu * n["tending_days"]) if now else 0.0
        book.receive(days * n["day_wage_local_light"], one_off=True)
        book.work(days, one_off=True)
        called = year == link["year"] if link["recorded"] else True
        if called and not by_days and age == n["replanting_year"]:
            shady, on_shady, on_sunny = _living(site, n)
            dead = shady * (1 - on_shady) + (1 - shady) * (1 - on_sunny)
            pay, days = _planting_a_mu(n)
            book.receive(mu * dead * n["replanted_share"] * pay, one_off=True)
            book.work(mu * dead * n["replanted_share"] * days, one_off=True)
    if role == "grower" and year == link["year"] and 0 <= age < n["intercrop_years"]:
        book.receive(link["quantity"] * n["intercrop_net"], one_off=True)
    if role == "shareholder" and year >= link["year"]:
        book.receive(link["quantity"])
    if link["year"] <= year <= site["end_year"]:
        if role == "guard":
            book.receive(link["quantity"] * n["guard_wage"])
        if role == "lessor":
            _owned_forest(link["quantity"], site, n, year, age, book)


def _owned_forest(mu, site, n, year, age, book):
    if site["grain_for_green"]:
        payments = {0: n["tghl_cash_first"], n["tghl_second_year"] - 1: n["tghl_cash_second"]}
        payments[n["tghl_third_year"] - 1] = n["tghl_cash_third"]
        book.receive(mu * payments.get(age, 0.0), one_off=True)
        first = max(n["tghl_extension_from"], site["planted_year"] + n["tghl_third_year"])
        if first <= year < first + n["tghl_extension_years"]:
            book.receive(mu * n["tghl_extension"], one_off=True)
    elif site["public_forest"]:
        book.receive(mu * n["pubforest_comp"] * site["household_land"])
    else:
        book.receive(mu * n["land_rent_hill"] * site["household_land"])
    if not site["household_land"]:
        return
    kept = site["grain_for_green"] or site["public_forest"]
    if kept and site["bears_fruit"] and age >= n["econforest_first_yield"]:
        book.receive(mu * n["econforest_net"] * _bearing(site, n, age))
    if site["farmland"]:
        book.spend(mu * n["grain_net_wheat"])


def _planting_a_mu(n) -> tuple[float, float]:
    """Pay and days of planting a mu: what the project's labour money pays for, and no day more."""
    budget = n["forest_project_cost"] * n["plant_labour_share"]
    asked = n["plant_labour_days"] * n["day_wage_planting"]
    if asked <= budget:
        return asked, n["plant_labour_days"]
    return budget, budget / n["day_wage_planting"]


def _living(site, n) -> tuple[float, float, float]:
    """Shady share, and the share of trees alive after a year on its shady and its sunny side."""
    shady = site["shady_share"] if site["aspect_known"] else n["unknown_shady_share"]
    steeper = max(site["slope_degrees"] - n["survival_slope_from"], 0.0) if site["slope_known"] else 0.0
    kept = min(max(1 - n["survival_slope_loss"] * steeper, 0.0), 1.0)
    return shady, n["survival_north"] * kept, n["survival_south"] * kept


def _bearing(site, n, age) -> float:
    """Share of the plot where a bearing tree lives: on both sides, sea-buckthorn and other trees apart."""
    shady, on_shady, on_sunny = _living(site, n)
    total = 0.0
    for part, alive, dies in (
        (shady, on_shady, n["seabuckthorn_mort_north"]),
        (1 - shady, on_sunny, n["seabuckthorn_mort_south"]),
    ):
        replaced = (1 - alive) * n["replanted_share"]
        trees = alive + replaced * alive
        sea = site["seabuckthorn"]
        others = site["bears_fruit"] - sea
        total += part * trees * (others + sea * (1 - dies) ** (age / n["seabuckthorn_mort_years"]))
    return total


def _juncao(link, site, n, year, book):
    if site["season"] != year:
        return
    if link["role"] == "shareholder":
        book.receive(link["quantity"] if year >= link["year"] else 0.0)
    if link["role"] == "grower":
        mu = _quantity(link, site, n["programme_poor_share"])
        tonnes = mu * n["juncao_yield_dryland"] * n["juncao_season"]
        for what, bound in (("elevation_m", "juncao_alt"), ("slope_degrees", "juncao_slope")):
            if site["elevation_known" if what == "elevation_m" else "slope_known"]:
                tonnes *= _left(site[what], n[f"{bound}_full"], n[f"{bound}_max"])
        if n["juncao_failure"]:
            tonnes = 0.0
        book.receive(tonnes * n["juncao_price"], gross=bool(site["sold"]))
        book.spend(mu * n["juncao_plant_cost"])
        unpaid = 1.0 if site["bought_seedlings"] else 1.0 - n["juncao_free_seedlings_paid"]
        book.spend(unpaid * mu * n["juncao_plants_per_mu"] * n["juncao_seedling_price"])
        if site["farmland"]:
            book.spend(mu * n["grain_net_wheat"])
        book.work(mu * n["juncao_labour"])
    elif link["role"] in ("planter", "tender") and link["year"] == year:
        days = link["quantity"] * (1.0 if link["unit"] == "days" else n["juncao_labour"])
        book.receive(days * n["day_wage_local_light"])
        book.work(days)
    elif link["role"] == "lessor":
        book.receive(link["quantity"] * n["land_rent_valley"])
        if site["farmland"]:
            book.spend(link["quantity"] * n["grain_net_wheat"])


def _left(value, full, limit) -> float:
    """What height or slope leaves of the yield."""
    if value <= full:
        return 1.0
    if value >= limit:
        return 0.0
    return min((limit - value) / max(limit - full, 1.0), 1.0)


def _bees(link, site, n, year, book):
    if link["role"] == "shareholder":
        book.receive(link["quantity"] if year >= link["year"] else 0.0)
        return
    since = max(site["started_year"], link["year"])
    if year < since:
        return
    received, alive = _quantity(link, site, n["programme_poor_share"]), site["alive_share"]
    counted = site["count_year"]
    if counted < since:
        alive = 1.0
    if year >= counted:
        at_work = received * alive
    else:
        at_work = received - received * (1 - alive) * (year - since) / (counted - since)
    swarms, bought = n["colony_increase"], n["colony_replaced_share"]
    first_loss = max(counted, since) + 1 if site["counted"] else since
    boxes = received * max(alive, 1.0)
    for past in range(int(first_loss), year):
        died = n["hive_loss_smallholder"] if past - since < n["beginner_years"] else n["hive_loss_winter"]
        empty = died - swarms
        at_work *= 1 - empty * (1 - bought) if empty > 0 else 1 - empty
    at_work = min(at_work, boxes) if swarms or bought < 1 else at_work
    each = n["honey_yield"]
    if site["forage_known"]:
        nectar = sum(
            site[f"forage_{what}_ha"] * n[f"nectar_{what}"] for what in ("forest", "grass", "crop", "planted")
        )
        each = min(max(nectar * n["nectar_to_honey"] - n["colony_nectar_need"], 0.0), each)
    honey = 0.0 if n["frost_year"] else at_work * each
    direct = min(honey, link["own_share"] * n["direct_sale_kg_per_household"])
    bulk_price = min(n["honey_price_wholesale"], n["honey_price"])
    book.receive(direct * n["honey_price"] + (honey - direct) * bulk_price)
    book.spend(at_work * n["hive_running_cost"])
    if not site["counted"] or year > max(counted, since):
        gone = n["frost_absconding"] if n["frost_year"] else 0.0
        if year - since < n["beginner_years"]:
            lost = max(n["hive_loss_smallholder"], gone)
        else:
            lost = n["hive_loss_winter"] + (1 - n["hive_loss_winter"]) * gone
        book.spend(at_work * bought * max(lost - swarms, 0.0) * n["hive_cost_colony"])
    book.work(at_work * n["hive_labour"])


def _price_days(home, book, n):
    days = sum(book.days_of.values())
    free = n["hh_days_avail"] if home["free_days"] != home["free_days"] else home["free_days"]
    if home["workers"] == 0:
        free = days
    if days > free:
        assert book.one_off_days == 0, "this oracle does not say whose pay given up that is"
        a_day = n["migrant_month"] / n["work_days_per_month"]
        for name, own in book.days_of.items():
            book.by_livelihood[name] -= own / days * (days - free) * a_day
    book.labour = min(days, free) * n["day_wage_local_light"]


def _base(home, links, exposure, worlds, year, w) -> float:
    base = home["income_yuan_per_person"]
    if home["base_includes_programme"] == "yes":
        then = _year(home, links, exposure, worlds, int(home["income_year"]), w, recorded_only=True)
        base -= sum(then.by_livelihood.values()) / home["persons"]
    return base * (1 + worlds.numbers["base_growth"].mode) ** (year - home["income_year"])


def _summary(home, books, base, line, threshold) -> dict:
    persons = home["persons"]
    gain = [sum(book.by_livelihood.values()) for book in books]
    recurrent = [g - book.one_off for g, book in zip(gain, books)]
    known = home["base_includes_programme"] != "unknown"
    above = [known and b + r / persons >= line for b, r in zip(base, recurrent)]
    before = [known and b >= line for b in base]
    ranked = sorted(gain)
    return {
        "persons": persons,
        "worlds": {
            "gain_yuan": gain,
            "gain_recurrent_yuan": recurrent,
            "persons_gaining": [
                persons * (r > 0 and r >= threshold * b * persons) for r, b in zip(recurrent, base)
            ],
            "persons_above_line_without": [persons * b for b in before],
            "persons_above_line_with": [persons * a for a in above],
            "crossing_up": [persons * (a and not b) for a, b in zip(above, before)],
            "crossing_down": [persons * (b and not a) for a, b in zip(above, before)],
        },
        "gain_yuan_mean": _mean(gain),
        "gain_yuan_p10": quantile(ranked, 0.1),
        "gain_yuan_p50": quantile(ranked, 0.5),
        "gain_yuan_p90": quantile(ranked, 0.9),
        "gain_one_off_yuan": _mean([book.one_off for book in books]),
        "gain_recurrent_yuan": _mean(recurrent),
        "gain_economic_yuan": _mean([g - book.labour for g, book in zip(gain, books)]),
        "gross_receipts_yuan": _mean([book.gross for book in books]),
        "chance_of_loss": _mean([float(g < 0) for g in gain]),
        "chance_above_line": _mean([float(a) for a in above]) if known else float("nan"),
        **{
            f"{name}_yuan_mean": _mean([book.by_livelihood[name] for book in books])
            for name in books[0].by_livelihood
        },
    }


def _mean(values) -> float:
    return sum(values) / len(values)


def quantile(ranked, share) -> float:
    """Linear between ranks; the smallest value has rank 0, the largest 1."""
    at = share * (len(ranked) - 1)
    low = int(at)
    high = min(low + 1, len(ranked) - 1)
    return ranked[low] + (at - low) * (ranked[high] - ranked[low])
