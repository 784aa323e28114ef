// The scene: the units' shapes, who borders whom, and what lies where. Constant for a pack.

const KINDS = {
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  i32: Int32Array,
  u32: Uint32Array,
  f32: Float32Array,
  f64: Float64Array,
};

/** Read numbers sent as base64; every machine that runs a browser is little-endian. */
export function decode(text, kind) {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) bytes[i] = raw.charCodeAt(i);
  return new KINDS[kind](bytes.buffer);
}

/** Coordinates are metres from the scene's origin, y up. A unit is named by its position. */
export class Scene {
  constructor(given) {
    this.key = given.key;
    this.unitWord = given.unitWord || "unit";
    this.zoneWord = given.zoneWord || "zone";
    this.origin = given.origin;
    this.bounds = given.bounds;
    this.codes = given.codes;
    this.names = given.names;
    this.count = given.codes.length;
    this.position = new Map(given.codes.map((code, i) => [code, i]));
    this.rings = decode(given.rings, "u32");
    this.unitRings = decode(given.unitRings, "u32");
    this.xy = coordinates(given);
    this.centres = decode(given.centres, "f32");
    this.pairs = decode(given.pairs, "u32");
    this.passable = decode(given.passable, "u8");
    this.apart = decode(given.apart, "u8");
    this.coarse = (given.coarse || []).map((one) => ({
      ...one,
      group: decode(one.group, "i32"),
    }));
    for (const one of this.coarse) one.members = membersOf(one.group);
    this.live = (given.live || []).map((one) => ({
      ...one,
      values: decode(one.values, "f64"),
      estimated: decode(one.estimated, "u8"),
    }));
    this.rates = given.rates || [];
    this.areas = (given.areas || []).map((one) => ({ ...one, fills: fillsOf(one) }));
    this.points = (given.points || []).map((one) => ({
      ...one,
      x: decode(one.x, "f32"),
      y: decode(one.y, "f32"),
      size: sizesOf(one),
    }));
    this.notes = [
      ...(given.notes || []),
      ...[...this.live, ...this.points].map(({ note }) => note),
    ].filter(Boolean);
    this.groupings = (given.groupings || []).map((one) => ({
      ...one,
      group: decode(one.group, "i32"),
    }));
    this.towns = [...(given.towns || [])].sort((a, b) => b.population - a.population);
    this.standing = given.standing || "";
    this.source = given.source || "";
    this.boxes = boxesOf(this);
    this.borders = bordersOf(this);
    this.neighbours = neighboursOf(this);
    this.grid = gridOf(this);
    this.paths = pathsOf(this);
  }

  /** Give the unit that covers a point, or -1. */
  unitAt(x, y) {
    const { grid } = this;
    const column = Math.floor((x - grid.x) / grid.size);
    const row = Math.floor((y - grid.y) / grid.size);
    if (column < 0 || row < 0 || column >= grid.columns || row >= grid.rows) return -1;
    for (const unit of grid.cells[row * grid.columns + column]) {
      if (this.covers(unit, x, y)) return unit;
    }
    return -1;
  }

  /** Say whether one can pass between two units as built; undefined where they do not touch. */
  openAsBuilt(a, b) {
    const { pairs, passable } = this;
    const at = passable.findIndex((_, i) => {
      const [one, other] = [pairs[2 * i], pairs[2 * i + 1]];
      return (one === a && other === b) || (one === b && other === a);
    });
    return at < 0 ? undefined : Boolean(passable[at]);
  }

  /** Say whether a unit covers a point: a ray from it crosses the rings an odd number of times. */
  covers(unit, x, y) {
    const { boxes, xy, rings, unitRings } = this;
    const at = unit * 4;
    if (x < boxes[at] || y < boxes[at + 1] || x > boxes[at + 2] || y > boxes[at + 3]) return false;
    let inside = false;
    for (let ring = unitRings[unit]; ring < unitRings[unit + 1]; ring += 1) {
      const from = rings[ring];
      const to = rings[ring + 1];
      for (let i = from, j = to - 1; i < to; j = i, i += 1) {
        const yi = xy[2 * i + 1];
        const yj = xy[2 * j + 1];
        if (yi > y === yj > y) continue;
        const xi = xy[2 * i];
        if (x < xi + ((y - yi) / (yj - yi)) * (xy[2 * j] - xi)) inside = !inside;
      }
    }
    return inside;
  }

  /** List the units whose centre lies within `radius` metres of a point. */
  within(x, y, radius) {
    const { centres } = this;
    const found = [];
    for (let unit = 0; unit < this.count; unit += 1) {
      const dx = centres[2 * unit] - x;
      const dy = centres[2 * unit + 1] - y;
      if (dx * dx + dy * dy <= radius * radius) found.push(unit);
    }
    return found;
  }

  /** List the units whose centre lies in a polygon, given as [x, y] corners. */
  inPolygon(corners) {
    const { centres } = this;
    const found = [];
    for (let unit = 0; unit < this.count; unit += 1) {
      const x = centres[2 * unit];
      const y = centres[2 * unit + 1];
      let inside = false;
      for (let i = 0, j = corners.length - 1; i < corners.length; j = i, i += 1) {
        const [xi, yi] = corners[i];
        const [xj, yj] = corners[j];
        if (yi > y !== yj > y && x < xi + ((y - yi) / (yj - yi)) * (xj - xi)) inside = !inside;
      }
      if (inside) found.push(unit);
    }
    return found;
  }

  /** Give the nearest unit in a direction (dx, dy), sideways counted twice; -1 at the edge. */
  towards(from, dx, dy) {
    const { centres } = this;
    let best = -1;
    let least = Infinity;
    for (let unit = 0; unit < this.count; unit += 1) {
      if (unit === from) continue;
      const x = centres[2 * unit] - centres[2 * from];
      const y = centres[2 * unit + 1] - centres[2 * from + 1];
      const along = x * dx + y * dy;
      const across = Math.abs(x * dy - y * dx);
      if (along <= 0 || across > along) continue;
      const cost = along + 2 * across;
      if (cost < least) [best, least] = [unit, cost];
    }
    return best;
  }

  /** Give the box around units: [x0, y0, x1, y1]. */
  boxAround(units) {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (const unit of units) {
      box[0] = Math.min(box[0], this.boxes[4 * unit]);
      box[1] = Math.min(box[1], this.boxes[4 * unit + 1]);
      box[2] = Math.max(box[2], this.boxes[4 * unit + 2]);
      box[3] = Math.max(box[3], this.boxes[4 * unit + 3]);
    }
    return box;
  }
}

/** Give a colour for each unit, whether they were sent in full or as places in a list. */
function fillsOf({ fills, colours }) {
  return colours ? Array.from(decode(fills, "u8"), (at) => colours[at]) : fills;
}

/** Give the radius of each point in pixels; that of a count grows so that its area tells it. */
function sizesOf({ glyph, names, n }) {
  if (!n) return new Float32Array(names.length).fill(glyph === "dot" ? 2.5 : 4.5);
  const counts = decode(n, "u32");
  const most = counts.reduce((a, b) => Math.max(a, b), 1);
  return Float32Array.from(counts, (count) => 1.5 + 8 * Math.sqrt(count / most));
}

function coordinates(given) {
  if (!given.scale) return decode(given.xy, "f32");
  const raw = decode(given.xy, "i32");
  return Float32Array.from(raw, (value) => value * given.scale);
}

function membersOf(group) {
  const members = new Map();
  group.forEach((at, unit) => {
    if (at < 0) return;
    if (!members.has(at)) members.set(at, []);
    members.get(at).push(unit);
  });
  return members;
}

function boxesOf({ count, xy, rings, unitRings }) {
  const boxes = new Float32Array(count * 4);
  for (let unit = 0; unit < count; unit += 1) {
    let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = rings[unitRings[unit]]; i < rings[unitRings[unit + 1]]; i += 1) {
      x0 = Math.min(x0, xy[2 * i]);
      y0 = Math.min(y0, xy[2 * i + 1]);
      x1 = Math.max(x1, xy[2 * i]);
      y1 = Math.max(y1, xy[2 * i + 1]);
    }
    boxes.set([x0, y0, x1, y1], 4 * unit);
  }
  return boxes;
}

/**
 * Find the borders: each stretch that two units share, and each stretch that nobody shares (`b` is
 * -1). Neighbours share their corners exactly, so an edge met twice is a shared one.
 */
function bordersOf({ count, xy, rings, unitRings }) {
  const corners = new Map();
  const corner = new Uint32Array(xy.length / 2);
  for (let i = 0; i < corner.length; i += 1) {
    // to 2 cm: 2^26 of them are 1,300 km, and keep the key exact
    const name = (Math.round(xy[2 * i] * 50) + 2 ** 25) * 2 ** 26 + Math.round(xy[2 * i + 1] * 50) + 2 ** 25;
    let at = corners.get(name);
    if (at === undefined) corners.set(name, (at = corners.size));
    corner[i] = at;
  }
  const owner = new Map();
  eachEdge((unit, i, j) => {
    const name = edgeName(corner[i], corner[j]);
    if (!owner.has(name)) owner.set(name, unit);
    else if (owner.get(name) >= 0) owner.set(name, -2 - owner.get(name) * count - unit);
  });
  const found = new Map();
  const drawn = new Set();
  eachEdge((unit, i, j) => {
    const edge = edgeName(corner[i], corner[j]);
    const held = owner.get(edge);
    if (held < 0 && drawn.has(edge)) return;
    if (held < 0) drawn.add(edge);
    const [a, b] = held >= 0 ? [unit, -1] : pairOf(-2 - held, count);
    if (a === b) return; // a ring that touches itself
    const name = a * (count + 1) + b + 1;
    let border = found.get(name);
    if (!border) found.set(name, (border = { a, b, length: 0, line: [], last: -1 }));
    if (border.last !== i) border.line.push(NaN, NaN, xy[2 * i], xy[2 * i + 1]);
    border.line.push(xy[2 * j], xy[2 * j + 1]);
    border.last = j;
    border.length += Math.hypot(xy[2 * i] - xy[2 * j], xy[2 * i + 1] - xy[2 * j + 1]);
  });
  return [...found.values()].map(({ a, b, length, line }) => ({
    a,
    b,
    length,
    line: Float32Array.from(line),
  }));

  function eachEdge(visit) {
    for (let unit = 0; unit < count; unit += 1) {
      for (let ring = unitRings[unit]; ring < unitRings[unit + 1]; ring += 1) {
        const from = rings[ring];
        const to = rings[ring + 1];
        for (let i = from; i < to; i += 1) {
          const j = i + 1 < to ? i + 1 : from;
          // a ring may repeat its first corner
          if (corner[i] !== corner[j]) visit(unit, i, j);
        }
      }
    }
  }
}

function pairOf(name, count) {
  return [Math.floor(name / count), name % count];
}

function edgeName(a, b) {
  return a < b ? a * 2 ** 26 + b : b * 2 ** 26 + a;
}

/** List for each unit those that touch it; a link over water is no touch. */
function neighboursOf({ count, pairs, apart }) {
  const lists = Array.from({ length: count }, () => []);
  for (let at = 0; at < apart.length; at += 1) {
    if (apart[at]) continue;
    lists[pairs[2 * at]].push(pairs[2 * at + 1]);
    lists[pairs[2 * at + 1]].push(pairs[2 * at]);
  }
  return lists;
}

function gridOf({ count, boxes, bounds }) {
  const [x, y, x1, y1] = bounds;
  const size = Math.max(1, Math.sqrt(((x1 - x) * (y1 - y)) / (2 * count + 1)));
  const columns = Math.floor((x1 - x) / size) + 1;
  const rows = Math.floor((y1 - y) / size) + 1;
  const cells = Array.from({ length: columns * rows }, () => []);
  const clip = (at, most) => Math.max(0, Math.min(most - 1, Math.floor(at / size)));
  for (let unit = 0; unit < count; unit += 1) {
    const at = 4 * unit;
    for (let r = clip(boxes[at + 1] - y, rows); r <= clip(boxes[at + 3] - y, rows); r += 1) {
      for (let c = clip(boxes[at] - x, columns); c <= clip(boxes[at + 2] - x, columns); c += 1) {
        cells[r * columns + c].push(unit);
      }
    }
  }
  return { x, y, size, columns, rows, cells };
}

function pathsOf({ count, xy, rings, unitRings }) {
  return Array.from({ length: count }, (_, unit) => {
    const path = new Path2D();
    for (let ring = unitRings[unit]; ring < unitRings[unit + 1]; ring += 1) {
      for (let i = rings[ring]; i < rings[ring + 1]; i += 1) {
        if (i === rings[ring]) path.moveTo(xy[2 * i], xy[2 * i + 1]);
        else path.lineTo(xy[2 * i], xy[2 * i + 1]);
      }
      path.closePath();
    }
    return path;
  });
}

/** Add a border's line to a path or canvas. */
export function trace(target, line) {
  let fresh = true;
  for (let i = 0; i < line.length; i += 2) {
    if (Number.isNaN(line[i])) fresh = true;
    else if (fresh) {
      target.moveTo(line[i], line[i + 1]);
      fresh = false;
    } else target.lineTo(line[i], line[i + 1]);
  }
}
