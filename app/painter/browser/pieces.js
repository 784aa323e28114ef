// Pieces of zones that lie apart, and units in no zone: what is left to mend.

/** List the pairs of units that one can pass between: the pack's, with the planner's changes. */
export function openPairs(scene, borders) {
  const open = [];
  const said = new Map();
  for (const [name, what] of borders) {
    const [a, b] = name.split("|").map((code) => scene.position.get(code));
    if (a === undefined || b === undefined) continue;
    said.set(Math.min(a, b) * scene.count + Math.max(a, b), what);
    if (what === "link") open.push(a, b);
  }
  const { pairs, passable, count } = scene;
  for (let at = 0; at < passable.length; at += 1) {
    const [a, b] = [pairs[2 * at], pairs[2 * at + 1]];
    const what = said.size ? said.get(Math.min(a, b) * count + Math.max(a, b)) : undefined;
    if (what === undefined && passable[at]) open.push(a, b);
  }
  return Uint32Array.from(open);
}

/**
 * Find each zone's pieces apart from its main one. The main piece is that of most units, and of
 * the first unit where two are as large: so says the page too.
 */
export function strayPieces(zone, open) {
  const root = Int32Array.from(zone, (_, unit) => unit);
  const find = (unit) => {
    while (root[unit] !== unit) {
      root[unit] = root[root[unit]];
      unit = root[unit];
    }
    return unit;
  };
  for (let at = 0; at < open.length; at += 2) {
    const [a, b] = [open[at], open[at + 1]];
    if (zone[a] < 0 || zone[a] !== zone[b]) continue;
    const [ra, rb] = [find(a), find(b)];
    // the first unit is the root, so that ties are broken alike everywhere
    if (ra < rb) root[rb] = ra;
    else root[ra] = rb;
  }
  const pieces = new Map();
  for (let unit = 0; unit < zone.length; unit += 1) {
    if (zone[unit] < 0) continue;
    const at = find(unit);
    if (!pieces.has(at)) pieces.set(at, []);
    pieces.get(at).push(unit);
  }
  const main = new Map();
  for (const units of pieces.values()) {
    const best = main.get(zone[units[0]]);
    if (!best || units.length > best.length) main.set(zone[units[0]], units);
  }
  return [...pieces.values()]
    .filter((units) => main.get(zone[units[0]]) !== units)
    .map((units) => ({ zone: zone[units[0]], units }))
    .sort((a, b) => a.zone - b.zone || b.units.length - a.units.length || a.units[0] - b.units[0]);
}

/** Give the other zone that shares the longest border with units; -1 when none touches them. */
export function longestNeighbour(scene, zone, units, allowed = () => true) {
  const inside = new Set(units);
  const shared = new Map();
  for (const { a, b, length } of scene.borders) {
    if (b < 0 || inside.has(a) === inside.has(b)) continue;
    const other = zone[inside.has(a) ? b : a];
    if (other < 0 || other === zone[units[0]] || !allowed(other)) continue;
    shared.set(other, (shared.get(other) || 0) + length);
  }
  let best = -1;
  for (const [other, length] of shared) {
    if (best < 0 || length > shared.get(best)) best = other;
  }
  return best;
}

/** List units in no zone. */
export function unassigned(zone) {
  const found = [];
  zone.forEach((at, unit) => {
    if (at < 0) found.push(unit);
  });
  return found;
}
