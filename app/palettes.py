"""Colours that people with any colour vision can tell apart.

Zones take Okabe and Ito's qualitative colours in lighter tints; classes take single-hue or
perceptually even ramps (ColorBrewer 2, Cynthia Brewer, and viridis' cividis), light for low
values and dark for high, so that they also survive a black-and-white print.
"""

ZONES = (
    "#56b4e9",  # sky blue
    "#e69f00",  # orange
    "#009e73",  # bluish green
    "#f0e442",  # yellow
    "#cc79a7",  # reddish purple
    "#0072b2",  # blue
    "#d55e00",  # vermilion
    "#999999",  # grey
)

MISSING = "#d9d9d9"
SUPPRESSED = "#b8b2c9"
OUTLINE = "#16202a"

RAMPS: dict[str, tuple[str, ...]] = {
    "Blues": ("#eff3ff", "#c6dbef", "#9ecae1", "#6baed6", "#4292c6", "#2171b5", "#084594"),
    "Oranges": ("#feedde", "#fdd0a2", "#fdae6b", "#fd8d3c", "#f16913", "#d94801", "#8c2d04"),
    "Purples": ("#f2f0f7", "#dadaeb", "#bcbddc", "#9e9ac8", "#807dba", "#6a51a3", "#4a1486"),
    "Cividis": ("#fee838", "#d2c060", "#a69d75", "#7d7c78", "#575d6d", "#31446b", "#00204d"),
}


def zone_colour(position: int) -> str:
    """Give the colour of the zone at `position`; a ninth zone starts again from the first."""
    return ZONES[position % len(ZONES)]


def ramp(palette: str, classes: int) -> tuple[str, ...]:
    """Pick `classes` colours evenly from a ramp, its lightest and darkest included.

    >>> ramp("Blues", 2)
    ('#eff3ff', '#084594')
    """
    colours = RAMPS[palette]
    if classes == 1:
        return (colours[len(colours) // 2],)
    last = len(colours) - 1
    return tuple(colours[round(i * last / (classes - 1))] for i in range(classes))
