"""Ground of a plan written down by hand: a yard, a field and a hillside in every village, nothing scarce."""

import numpy as np
import pandas as pd
from scipy.sparse import csr_array
from small_projects import SOUTH, VILLAGES, WEST

from eco.planning.ground import Ground

TOWNSHIPS = ("621102101000", "621102102000", "621126101000")
_PLACE = {"x": WEST, "y": SOUTH}


def hand_ground(
    *, room=np.nan, elevation_m=1900.0, slope=np.nan, hill_slope=None, farmland="unknown", posts=1.0, **yards
) -> Ground:
    """Ground on which everything is open: every value may be told for all villages, or one a village."""
    villages = pd.Index(VILLAGES, name="village_code")
    table = pd.DataFrame(
        {"yard_id": [f"Y{at}" for at in range(len(villages))], "village_code": villages, **_PLACE}
    )
    table = table.assign(hives_there=0.0, room_colonies=room)
    table = table.assign(forage_known=table["room_colonies"].notna())
    forage = {
        "forage_forest_ha": 0.0,
        "forage_grass_ha": 30.0,
        "forage_crop_ha": 0.0,
        "forage_planted_ha": 0.0,
    }
    table = table.assign(**(forage | yards))
    field = pd.DataFrame({"elevation_m": elevation_m, "slope_degrees": slope, **_PLACE}, index=villages)
    field = field.assign(
        elevation_known=field["elevation_m"].notna(), slope_known=field["slope_degrees"].notna()
    )
    hill_slope = slope if hill_slope is None else hill_slope
    hill = pd.DataFrame({"slope_degrees": hill_slope, "shady_share": np.nan, **_PLACE}, index=villages)
    hill = hill.assign(slope_known=hill["slope_degrees"].notna(), aspect_known=False, basic_farmland=farmland)
    posts = dict.fromkeys(TOWNSHIPS, posts) if np.isscalar(posts) else dict(zip(TOWNSHIPS, posts))
    return Ground(table, csr_array((0, len(villages))), field, hill, posts, 2500.0)
