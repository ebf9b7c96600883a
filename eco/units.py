"""Mu, money and other units as Chinese files write them.

1 mu = 2000/3 square metres = 1/15 hectare (legal definition).
"""

SQUARE_METRES_PER_MU = 2000 / 3
MU_PER_HECTARE = 15.0
YUAN_PER_WAN = 10_000.0

# What one unit, as a heading or project.toml writes it, is worth in our unit.
TO_MU = {
    "亩": 1.0,
    "市亩": 1.0,
    "mu": 1.0,
    "公顷": MU_PER_HECTARE,
    "ha": MU_PER_HECTARE,
    "平方米": 1 / SQUARE_METRES_PER_MU,
    "m2": 1 / SQUARE_METRES_PER_MU,
}
TO_YUAN = {"元": 1.0, "yuan": 1.0, "万元": YUAN_PER_WAN, "分": 0.01}


def mu_to_hectares(mu: float) -> float:
    """Hectares of an area in mu.

    >>> mu_to_hectares(30.0)
    2.0
    """
    return mu / MU_PER_HECTARE


def square_metres_to_mu(square_metres: float) -> float:
    """Mu of an area in square metres.

    >>> round(square_metres_to_mu(2000.0), 9)
    3.0
    """
    return square_metres / SQUARE_METRES_PER_MU
