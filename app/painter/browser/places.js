// Where names stand, and which unit is nearest to a place.

/**
 * Give where each zone's name stands: in the unit nearest to the middle of the zone's units. The
 * zone of most units comes first: it keeps its name where two have no room.
 */
export function namePlaces(scene, plan) {
  const sums = plan.zones.map(() => [0, 0, 0]);
  const { centres } = scene;
  for (let unit = 0; unit < scene.count; unit += 1) {
    const sum = sums[plan.zone[unit]];
    if (!sum) continue;
    sum[0] += centres[2 * unit];
    sum[1] += centres[2 * unit + 1];
    sum[2] += 1;
  }
  const largest = [...plan.zones.keys()].sort((a, b) => sums[b][2] - sums[a][2] || a - b);
  return largest.flatMap((zone) => {
    const { name, colour } = plan.zones[zone];
    const [x, y, units] = sums[zone];
    if (!units) return [];
    const unit = nearest(scene, x / units, y / units, (one) => plan.zone[one] === zone);
    const at = [centres[2 * unit], centres[2 * unit + 1]];
    return [{ zone, text: name, colour, at, locked: plan.zoneLocked(zone) }];
  });
}

/** Give the unit whose centre is nearest to a place, among those wanted; -1 if there are none. */
export function nearest({ count, centres }, x, y, wanted = () => true) {
  let best = -1;
  let least = Infinity;
  for (let unit = 0; unit < count; unit += 1) {
    if (!wanted(unit)) continue;
    const far = Math.hypot(centres[2 * unit] - x, centres[2 * unit + 1] - y);
    if (far < least) [best, least] = [unit, far];
  }
  return best;
}

/** Give the length of a round number of metres that shows well as a ruler. */
export function rulerOf(scale) {
  const most = 1e5;
  return [100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4].find((one) => one * scale > 54) || most;
}
