"""eco: plan ecological poverty alleviation, from a county's files to each household's gain.

The doorway: every public name, loaded when it is first used so that `import eco` costs nothing.
"""

from __future__ import annotations

from importlib import import_module

_ROOMS = {
    "DataProblem": "eco.problems",
    "Finding": "eco.problems",
    "datums": "eco.space",
    "DatumEvidence": "eco.space.detective",
    "detect_datum": "eco.space.detective",
    "Project": "eco.records.project",
    "load_project": "eco.records.project",
    "findings_table": "eco.records.project",
    "shown": "eco.records.showing",
    "write_example": "eco.records.examples.example",
    "Number": "eco.parameters.numbers",
    "Numbers": "eco.parameters.numbers",
    "load_parameters": "eco.parameters.numbers",
    "LIVELIHOODS": "eco.livelihoods",
    "Livelihood": "eco.livelihoods",
    "Flow": "eco.livelihoods",
    "Exposure": "eco.income.exposure",
    "link": "eco.income.exposure",
    "cautions": "eco.income.cautions",
    "Gains": "eco.income.gains",
    "estimate_gains": "eco.income.gains",
    "drivers": "eco.income.influence",
    "drivers_by_flow": "eco.income.influence",
    "doubts": "eco.income.influence",
    "compare": "eco.income.comparison",
    "stress_table": "eco.income.stress",
    "fairness": "eco.income.fairness",
    "left_behind": "eco.income.fairness",
    "growth_alone": "eco.income.fairness",
    "allowances_at_risk": "eco.income.fairness",
    "county_rate": "eco.income.fairness",
    "yuan_a_fiscal_yuan": "eco.income.fiscal",
    "grain_land": "eco.income.fiscal",
    "backtest": "eco.income.backtest",
    "against_payments": "eco.income.backtest",
    "saturation": "eco.income.flowers",
    "neighbours_loss": "eco.income.flowers",
    "poverty": "eco.income",
    "list_options": "eco.planning.listing",
    "rules": "eco.planning",
    "Plan": "eco.planning.plans",
    "plan": "eco.planning.planner",
    "outcome": "eco.planning.outcome",
    "stressed": "eco.planning.stresses",
    "alternatives": "eco.planning.alternatives",
    "why_not": "eco.planning.questions",
    "front": "eco.planning.fronts",
    "cautious_plans": "eco.planning.fronts",
    "front_picture": "eco.sharing.plan_front",
    "write_plan_page": "eco.sharing.plan_page",
    "write_plan_tables": "eco.sharing.plan_tables",
    "summary": "eco.sharing.exports",
    "write_estimate": "eco.sharing.exports",
    "write_findings": "eco.sharing.marked",
    "write_report": "eco.sharing.report",
    "save_map": "eco.sharing.maps.editions",
    "explore": "eco.sharing.explore",
    "sliders": "eco.sharing.sliders",
    "write_papers": "eco.sharing.papers",
}
__all__ = sorted(_ROOMS)


def __getattr__(name: str):
    if name not in _ROOMS:
        raise AttributeError(f"module 'eco' has no attribute {name!r}")
    room = import_module(_ROOMS[name])
    found = getattr(room, name, None) or import_module(f"{_ROOMS[name]}.{name}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *_ROOMS])
