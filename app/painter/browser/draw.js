// Drawing: four canvases on top of each other, so that a stroke repaints only what it changes.
//
// fills: the units; a stroke repaints single units. lines: outlines of zones and of stray pieces,
// drawn anew when a unit changes zone. marks: groupings, points, names of towns and zones, drawn
// anew when the map rests. top: what follows the pointer.

import { trace } from "./scene.js";
import { inkOn } from "./words.js";

const INK = "#16202a";
const FRESH_MS = 12; // a full drawing that takes longer waits until the map rests
const REST_MS = 120;
const RAIL_PX = 46; // the tools stand there
const MOST_PX_A_METRE = 0.6;
export const POINT_COLOURS = ["#1b1b1b", "#8a1c5b", "#5b3fa0", "#7a3b00"];
export const LINES = [
  { colour: "#3b3f8f", dash: [7, 4] },
  { colour: "#7a2d5e", dash: [2, 4] },
  { colour: "#1b5e3b", dash: [10, 3, 2, 3] },
];
const AGAIN = ["dots", "crosses", "bars"]; // on the second eight zones, the third, the fourth
const MANY_ZONES = 9;
const NAME_PX = [190, 96]; // a name that finds no room is cut shorter, then left out

export class Drawing {
  constructor(stage, scene, look) {
    this.stage = stage;
    this.scene = scene;
    this.look = look; // what is to be seen: asked for anew at each drawing
    this.layers = ["fills", "lines", "marks", "top"].map((name) => {
      const canvas = document.createElement("canvas");
      canvas.className = `layer ${name}`;
      canvas.setAttribute("aria-hidden", "true");
      stage.append(canvas);
      return canvas;
    });
    [this.fills, this.lines, this.marks, this.top] = this.layers.map((canvas) =>
      canvas.getContext("2d"),
    );
    this.dirty = { all: true, units: new Set(), lines: true, marks: true, top: true };
    this.labels = []; // of all zones, as they were last written
    this.written = new Map(); // those that found room, and their boxes
    this.view = null;
    this.lastFull = 0;
    this.font = getComputedStyle(stage).fontFamily || "sans-serif";
    this.contrast = window.matchMedia("(prefers-contrast: more)").matches;
    this.watch = new ResizeObserver(() => this.resize());
    this.watch.observe(stage);
    this.resize();
  }

  close() {
    this.watch.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.rest);
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.stage;
    if (!width || !height) return;
    const ratio = window.devicePixelRatio || 1;
    if (this.width === width && this.height === height && this.ratio === ratio) return;
    const before = this.view && { width: this.width, height: this.height };
    Object.assign(this, { width, height, ratio });
    for (const canvas of this.layers) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    if (this.fitted || !before) this.fit(...(this.fitted || []));
    else this.moveTo(this.view, { now: true });
    this.resized?.();
  }

  // Where things lie

  fit(box = this.scene.bounds, { margin = 18, most = Infinity } = {}) {
    const [x0, y0, x1, y1] = box;
    const rail = Math.min(RAIL_PX, this.width / 4);
    const scale = Math.min(
      Math.max(9, this.width - rail - 2 * margin) / Math.max(1, x1 - x0),
      Math.max(9, this.height - 2 * margin) / Math.max(1, y1 - y0),
      most,
    );
    const x = (x0 + x1) / 2 - rail / 2 / scale;
    this.moveTo({ scale, x, y: (y0 + y1) / 2 }, { now: true });
    this.fitted = [box, { margin, most }];
  }

  leastScale() {
    const [x0, y0, x1, y1] = this.scene.bounds;
    return 0.7 * Math.min(this.width / (x1 - x0), this.height / (y1 - y0));
  }

  /** Look at another place; while the map moves, what was drawn is moved. */
  moveTo(view, { now = false } = {}) {
    this.fitted = null;
    const [x0, y0, x1, y1] = this.scene.bounds;
    const clip = (value, least, most) => Math.max(least, Math.min(most, value));
    this.view = {
      scale: clip(view.scale, this.leastScale(), Math.max(MOST_PX_A_METRE, this.leastScale())),
      x: clip(view.x, x0, x1),
      y: clip(view.y, y0, y1),
    };
    clearTimeout(this.rest);
    if (now || this.lastFull < FRESH_MS) {
      this.everything();
      return;
    }
    this.shiftLayers();
    this.rest = setTimeout(() => this.everything(), REST_MS);
  }

  zoomBy(factor, [px, py] = [this.width / 2, this.height / 2], options) {
    const [x, y] = this.toWorld(px, py);
    const before = this.view.scale;
    const scale = Math.max(this.leastScale(), Math.min(MOST_PX_A_METRE, before * factor));
    const share = before / scale;
    this.moveTo(
      { scale, x: x + (this.view.x - x) * share, y: y + (this.view.y - y) * share },
      options,
    );
  }

  panBy(dx, dy, options) {
    const { scale, x, y } = this.view;
    this.moveTo({ scale, x: x - dx / scale, y: y + dy / scale }, options);
  }

  toWorld(px, py) {
    const { scale, x, y } = this.view;
    return [x + (px - this.width / 2) / scale, y - (py - this.height / 2) / scale];
  }

  toScreen(x, y) {
    const { view } = this;
    return [
      this.width / 2 + (x - view.x) * view.scale,
      this.height / 2 - (y - view.y) * view.scale,
    ];
  }

  shiftLayers() {
    const { drawn, view } = this;
    const share = view.scale / drawn.scale;
    const dx = (drawn.x - view.x) * view.scale;
    const dy = -(drawn.y - view.y) * view.scale;
    for (const canvas of this.layers) {
      canvas.style.transform = `translate(${dx}px, ${dy}px) scale(${share})`;
    }
  }

  // What is to be drawn

  everything() {
    this.dirty.all = true;
    this.ask();
  }

  repaint(units) {
    for (const unit of units) this.dirty.units.add(unit);
    this.dirty.lines = true;
    this.ask();
  }

  again(...layers) {
    for (const layer of layers) this.dirty[layer] = true;
    this.ask();
  }

  ask() {
    if (this.frame || this.busy) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  draw() {
    if (!this.view) return;
    const begin = performance.now();
    const { dirty } = this;
    const seen = this.lookNow();
    if (dirty.all) {
      this.drawn = { ...this.view };
      const { scale, x, y } = this.view;
      this.stage.dataset.view = `${scale} ${x} ${y}`; // where a test finds a unit
      for (const canvas of this.layers) canvas.style.transform = "";
      this.clear(this.fills);
      this.paintAll(seen);
    } else if (dirty.units.size) this.paintUnits([...dirty.units], seen);
    if (dirty.all || dirty.lines) this.drawLines(seen);
    if (dirty.all || dirty.marks) this.drawMarks(seen);
    if (dirty.all || dirty.top) this.drawTop(seen);
    const all = dirty.all;
    this.dirty = { all: false, units: new Set(), lines: false, marks: false, top: false };
    const end = performance.now();
    if (all) this.lastFull = end - begin;
    note(all ? "zonewright-draw" : "zonewright-repaint", begin, end);
  }

  /** Ask what is to be seen; what that finds to be drawn besides is drawn in this very frame. */
  lookNow() {
    this.busy = true;
    try {
      return this.look();
    } finally {
      this.busy = false;
    }
  }

  clear(context) {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  }

  /** Draw in metres from here on. */
  inMetres(context) {
    const { scale, x, y } = this.drawn;
    const pixels = scale * this.ratio;
    context.setTransform(
      pixels,
      0,
      0,
      -pixels,
      (this.width / 2) * this.ratio - x * pixels,
      (this.height / 2) * this.ratio + y * pixels,
    );
    return 1 / scale; // a pixel, in metres
  }

  inPixels(context) {
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
  }

  // The units

  paintAll(seen) {
    const units = this.inSight();
    const byColour = new Map();
    for (const unit of units) {
      const colour = seen.colourOf(unit);
      if (!byColour.has(colour)) byColour.set(colour, new Path2D());
      byColour.get(colour).addPath(this.scene.paths[unit]);
    }
    const pixel = this.inMetres(this.fills);
    for (const [colour, path] of byColour) {
      this.fills.fillStyle = colour;
      this.fills.fill(path, "evenodd");
    }
    this.hatch(units, seen);
    this.fills.strokeStyle = seen.hair;
    this.fills.lineWidth = this.hairline(units.length) * pixel;
    const lines = new Path2D();
    for (const path of byColour.values()) lines.addPath(path);
    this.fills.stroke(lines);
  }

  paintUnits(units, seen) {
    const pixel = this.inMetres(this.fills);
    this.fills.lineJoin = "round";
    for (const unit of units) {
      const path = this.scene.paths[unit];
      this.fills.fillStyle = seen.colourOf(unit);
      this.fills.fill(path, "evenodd");
    }
    this.hatch(units, seen);
    this.fills.strokeStyle = seen.hair;
    this.fills.lineWidth = this.hairline(this.scene.count) * pixel;
    for (const unit of units) this.fills.stroke(this.scene.paths[unit]);
  }

  hairline(count) {
    return count > 1500 ? 0.4 : 0.8;
  }

  hatch(units, seen) {
    for (const [style, wanted] of [
      // a ninth zone has the first one's colour: a pattern tells them apart
      ...AGAIN.map((style, i) => [style, (unit) => patternOf(seen.again[seen.zone[unit]]) === i]),
      ["locked", seen.isLocked],
      ["none", seen.isNone],
    ]) {
      const some = units.filter(wanted);
      if (!some.length) continue;
      this.fills.fillStyle = this.pattern(style);
      for (const unit of some) this.fills.fill(this.scene.paths[unit], "evenodd");
    }
  }

  /** Give stripes that stay as wide on screen at every scale. */
  pattern(style) {
    const side = (style === "crosses" || style === "bars" ? 10 : 8) * this.ratio;
    const tile = new OffscreenCanvas(side, side);
    const context = tile.getContext("2d");
    context.strokeStyle = style === "locked" ? "rgba(22,32,42,.62)" : "rgba(22,32,42,.35)";
    context.lineWidth = (style === "locked" ? 1.4 : 1) * this.ratio;
    context.beginPath();
    const [middle, arm] = [side / 2, 2.5 * this.ratio];
    if (style === "dots") {
      context.fillStyle = "rgba(22,32,42,.7)";
      context.arc(middle, middle, 1.1 * this.ratio, 0, 2 * Math.PI);
      context.fill();
    }
    if (style === "bars" || style === "crosses") {
      context.strokeStyle = "rgba(22,32,42,.75)";
      context.moveTo(middle - arm, middle);
      context.lineTo(middle + arm, middle);
    }
    if (style === "crosses") {
      context.moveTo(middle, middle - arm);
      context.lineTo(middle, middle + arm);
    }
    for (const shift of AGAIN.includes(style) ? [] : [-side, 0, side]) {
      if (style === "locked") {
        context.moveTo(shift - 1, side + 1);
        context.lineTo(shift + side + 1, -1);
      } else {
        context.moveTo(shift - 1, -1);
        context.lineTo(shift + side + 1, side + 1);
      }
    }
    context.stroke();
    const pattern = this.fills.createPattern(tile, "repeat");
    const pixels = this.drawn.scale * this.ratio;
    pattern.setTransform(new DOMMatrix().scale(1 / pixels, -1 / pixels));
    return pattern;
  }

  inSight() {
    const { boxes, count } = this.scene;
    const [x0, y1] = this.toWorld(0, 0);
    const [x1, y0] = this.toWorld(this.width, this.height);
    const seen = [];
    for (let unit = 0; unit < count; unit += 1) {
      const at = 4 * unit;
      if (boxes[at] <= x1 && boxes[at + 2] >= x0 && boxes[at + 1] <= y1 && boxes[at + 3] >= y0) {
        seen.push(unit);
      }
    }
    return seen;
  }

  // Outlines

  drawLines(seen) {
    const context = this.lines;
    this.clear(context);
    const pixel = this.inMetres(context);
    context.lineJoin = "round";
    context.lineCap = "round";
    const { zone } = seen;
    this.stroke(context, this.between(zone), INK, (this.contrast ? 3.2 : 2) * pixel);
    for (const [name, what] of seen.borders) this.drawBorderMark(context, name, what, pixel);
    for (const { units } of seen.strays) {
      const outline = this.around(units);
      this.stroke(context, outline, "#ffffff", 6 * pixel);
      this.stroke(context, outline, "#b3002d", 3.4 * pixel, [7 * pixel, 5 * pixel]);
    }
  }

  /** Trace the borders of a grouping of units: where the groups on both sides differ. */
  between(group) {
    const path = new Path2D();
    for (const { a, b, line } of this.scene.borders) {
      const other = b < 0 ? -2 : group[b];
      if (group[a] !== other && (group[a] >= 0 || other >= 0)) trace(path, line);
    }
    return path;
  }

  around(units) {
    const inside = new Set(units);
    const path = new Path2D();
    for (const { a, b, line } of this.scene.borders) {
      if (inside.has(a) !== (b >= 0 && inside.has(b))) trace(path, line);
    }
    return path;
  }

  stroke(context, path, colour, width, dash = []) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.setLineDash(dash);
    context.stroke(path);
    context.setLineDash([]);
  }

  /** A link is a line from centre to centre; a cut thickens the border that it closes. */
  drawBorderMark(context, name, what, pixel) {
    const [a, b] = name.split("|").map((code) => this.scene.position.get(code));
    if (a === undefined || b === undefined) return;
    const path = new Path2D();
    if (what === "link") {
      const { centres } = this.scene;
      path.moveTo(centres[2 * a], centres[2 * a + 1]);
      path.lineTo(centres[2 * b], centres[2 * b + 1]);
    } else {
      for (const border of this.scene.borders) {
        if ((border.a === a && border.b === b) || (border.a === b && border.b === a)) {
          trace(path, border.line);
        }
      }
    }
    this.stroke(context, path, "#ffffff", 7 * pixel);
    this.stroke(context, path, INK, 4 * pixel, what === "cut" ? [2 * pixel, 6 * pixel] : []);
  }

  // Groupings, points and names

  drawMarks(seen) {
    const context = this.marks;
    this.clear(context);
    const pixel = this.inMetres(context);
    context.lineJoin = "round";
    for (const { group, dash, colour } of seen.groupings) {
      const path = this.between(group);
      this.stroke(context, path, "rgba(255,255,255,.85)", 3.4 * pixel);
      this.stroke(context, path, colour, 1.6 * pixel, dash.map((one) => one * pixel));
    }
    this.inPixels(context);
    for (const points of seen.points) this.drawPoints(context, points);
    this.drawNames(context, seen);
  }

  drawPoints(context, { glyph, colour, x, y, size: sizes }) {
    const path = new Path2D();
    for (let i = 0; i < x.length; i += 1) {
      const size = sizes[i];
      const [px, py] = this.toScreen(x[i], y[i]);
      if (px < -9 || py < -9 || px > this.width + 9 || py > this.height + 9) continue;
      if (glyph === "square") path.rect(px - size + 0.5, py - size + 0.5, 2 * size, 2 * size);
      else {
        path.moveTo(px + size, py);
        path.arc(px, py, size, 0, 2 * Math.PI);
      }
    }
    context.lineWidth = 1.2;
    context.globalAlpha = glyph === "dot" ? 0.75 : 1;
    context.fillStyle = colour;
    context.strokeStyle = "#ffffff";
    context.fill(path);
    context.stroke(path);
    context.globalAlpha = 1;
  }

  /** Write names where they cover no other: zones first, then towns, the largest first. */
  drawNames(context, seen) {
    const taken = seen.covered();
    this.written.clear();
    const free = ([x0, y0, x1, y1]) =>
      x0 >= 0 && y0 >= 0 && x1 <= this.width && y1 <= this.height &&
      !taken.some((box) => x0 < box[2] && x1 > box[0] && y0 < box[3] && y1 > box[1]);
    context.textBaseline = "middle";
    context.textAlign = "center";
    const zones = seen.zoneNames();
    this.labels = zones;
    for (const one of zones) {
      const label = this.findRoom(context, one, zones.length, seen.zone, free);
      if (!label) continue;
      const { x, y, half, tall } = label;
      taken.push([x - half - 2, y - tall - 2, x + half + 2, y + tall + 2]);
      this.written.set(one.zone, [x - half, y - tall, x + half, y + tall]);
      drawLabel(context, one, label);
    }
    context.lineJoin = "round";
    for (const { name, x, y, population } of seen.towns) {
      context.font = `${population > 50_000 ? 600 : 500} ${population > 50_000 ? 13.5 : 12.5}px ${this.font}`;
      const [px, py] = this.toScreen(x, y);
      const half = context.measureText(name).width / 2 + 2;
      const box = [px - half, py - 8, px + half, py + 8];
      if (!free(box)) continue;
      taken.push([box[0] - 4, box[1] - 2, box[2] + 4, box[3] + 2]);
      context.strokeStyle = "rgba(255,255,255,.92)";
      context.lineWidth = 3.2;
      context.strokeText(name, px, py);
      context.fillStyle = INK;
      context.fillText(name, px, py);
    }
  }

  /** Find where a zone's name covers nothing and its middle stays in its own zone. */
  findRoom(context, one, count, zoneOf, free) {
    const [px, py] = this.toScreen(...one.at);
    for (const most of NAME_PX) {
      const { text, half, tall } = this.measured(context, one, count, most);
      const place = placesAround(half, tall).find(([dx, dy], i) =>
        free([px + dx - half, py + dy - tall, px + dx + half, py + dy + tall]) &&
        (!i || zoneOf[this.scene.unitAt(...this.toWorld(px + dx, py + dy))] === one.zone),
      );
      if (place) return { text, half, tall, x: px + place[0], y: py + place[1] };
    }
    return null;
  }

  measured(context, { text: name, more, locked }, count, most) {
    const size = count > MANY_ZONES ? 12 : 14;
    context.font = `600 ${size}px ${this.font}`;
    context.textBaseline = "middle";
    context.textAlign = "center";
    const text = shortened(context, name, most) + (more ? `  ${more}` : "");
    return {
      text,
      half: context.measureText(text).width / 2 + (locked ? 17 : 8),
      tall: size / 2 + 4.5,
    };
  }

  /** Name the zone under the pointer, where its name found no room beside the others. */
  nameHovered(context, seen) {
    const one = this.labels.find(({ zone }) => zone === seen.zone[seen.under]);
    if (!one || this.written.has(one.zone)) return;
    const label = this.measured(context, one, this.labels.length, NAME_PX[0]);
    const [px, py] = this.toScreen(...one.at);
    const inside = (at, half, side) => Math.max(half + 2, Math.min(side - half - 2, at));
    const x = inside(px, label.half, this.width);
    drawLabel(context, one, { ...label, x, y: inside(py, label.tall, this.height) });
  }

  // What follows the pointer

  drawTop(seen) {
    const context = this.top;
    this.clear(context);
    const pixel = this.inMetres(context);
    context.lineJoin = "round";
    context.lineCap = "round";
    if (seen.selected.size) {
      const path = this.around(seen.selected);
      context.fillStyle = "rgba(255,255,255,.38)";
      for (const unit of seen.selected) context.fill(this.scene.paths[unit], "evenodd");
      this.stroke(context, path, "#ffffff", 5 * pixel);
      this.stroke(context, path, INK, 2.4 * pixel, [5 * pixel, 4 * pixel]);
    }
    if (seen.touched.length) {
      const path = this.around(seen.touched);
      this.stroke(context, path, "#ffffff", 3.6 * pixel);
      this.stroke(context, path, INK, 1.6 * pixel, [2 * pixel, 4 * pixel]);
    }
    if (seen.hovered.length) {
      const path = this.around(seen.hovered);
      this.stroke(context, path, "#ffffff", 4.5 * pixel);
      this.stroke(context, path, INK, 2 * pixel);
    }
    if (seen.cursor >= 0) {
      const path = this.scene.paths[seen.cursor];
      this.stroke(context, path, "#ffffff", 8 * pixel);
      this.stroke(context, path, "#0b5cad", 4.5 * pixel);
    }
    if (seen.shape.length > 1) {
      const path = new Path2D();
      seen.shape.forEach(([x, y], i) => (i ? path.lineTo(x, y) : path.moveTo(x, y)));
      if (seen.closed) path.closePath();
      context.fillStyle = "rgba(11,92,173,.10)";
      if (seen.closed) context.fill(path);
      this.stroke(context, path, "#ffffff", 4 * pixel);
      this.stroke(context, path, "#0b5cad", 2 * pixel, [6 * pixel, 4 * pixel]);
    }
    this.inPixels(context);
    this.nameHovered(context, seen);
    for (const [x, y] of seen.corners) {
      const [px, py] = this.toScreen(x, y);
      context.beginPath();
      context.arc(px, py, 4, 0, 2 * Math.PI);
      context.fillStyle = "#ffffff";
      context.fill();
      context.lineWidth = 2;
      context.strokeStyle = "#0b5cad";
      context.stroke();
    }
    if (seen.brush) {
      const { px, py, radius } = seen.brush;
      context.beginPath();
      context.arc(px, py, radius, 0, 2 * Math.PI);
      context.lineWidth = 3;
      context.strokeStyle = "rgba(255,255,255,.9)";
      context.stroke();
      context.lineWidth = 1.4;
      context.strokeStyle = INK;
      context.stroke();
    }
  }
}

/** List where a name may stand, from its place: there, above and below, then beside. */
function placesAround(half, tall) {
  const line = 2 * tall + 2;
  return [
    [0, 0], [0, line], [0, -line], [half, 0], [-half, 0], [0, 2 * line], [0, -2 * line],
    [half, line], [-half, line], [half, -line], [-half, -line], [1.6 * half, 0], [-1.6 * half, 0],
  ];
}

/** Give the pattern of a zone whose colour stood so often before; -1 for none. */
export function patternOf(round) {
  return round > 0 ? (round - 1) % AGAIN.length : -1;
}

/** Cut a text that is too wide, and say so by three dots. */
function shortened(context, text, most) {
  if (context.measureText(text).width <= most) return text;
  let [least, end] = [0, text.length];
  while (least < end) {
    const middle = Math.ceil((least + end) / 2);
    if (context.measureText(`${text.slice(0, middle)}\u2026`).width <= most) least = middle;
    else end = middle - 1;
  }
  return `${text.slice(0, least).trimEnd()}\u2026`;
}

/** Draw the name of a zone on its colour. */
function drawLabel(context, { colour, locked }, { text, half, tall, x, y }) {
  context.beginPath();
  context.roundRect(x - half, y - tall, 2 * half, 2 * tall, tall);
  context.fillStyle = colour;
  context.strokeStyle = INK;
  context.lineWidth = 1.2;
  context.fill();
  context.stroke();
  context.fillStyle = inkOn(colour);
  context.fillText(text, x - (locked ? 8 : 0), y + 0.5);
  if (locked) drawLock(context, x + half - 14, y);
}

/** Draw a padlock of 9 by 11 pixels around a point, in the colour of the text. */
function drawLock(context, x, y) {
  context.fillRect(x - 4.5, y - 1, 9, 6.5);
  context.beginPath();
  context.arc(x, y - 1.5, 3, Math.PI, 0);
  context.strokeStyle = context.fillStyle;
  context.lineWidth = 1.6;
  context.stroke();
}

/** Note how long something took, for the benchmark; a page left open keeps few of them. */
export function note(name, start, end) {
  if (performance.getEntriesByName(name).length > 1_000) performance.clearMeasures(name);
  performance.measure(name, { start, end });
}
