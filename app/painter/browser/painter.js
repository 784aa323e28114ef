// The painter: brings the scene, the plan, the tools and the queue together in one element.
//
// Streamlit calls `show` at every run of the script, and again whenever it likes; calling it twice
// with the same data changes nothing.

import { Bar } from "./bar.js";
import { Card } from "./card.js";
import { Controls } from "./controls.js";
import { Drawing, LINES, note, POINT_COLOURS } from "./draw.js";
import { listen } from "./keys.js";
import { LEVEL_FILL, UNKNOWN, classAt, classesOf, levelsOf, marked, spoken } from "./level.js";
import { Panel } from "./panel.js";
import { longestNeighbour, openPairs, strayPieces, unassigned } from "./pieces.js";
import { namePlaces, nearest, rulerOf } from "./places.js";
import { Plan } from "./plan.js";
import { Queue } from "./queue.js";
import { Scene } from "./scene.js";
import { BRUSH_PX, Tools } from "./tools.js";
import { HIDDEN, everything, figuresOf, totalsOf, written, figure } from "./totals.js";
import { capital, change, counted, el, iconButton, number } from "./words.js";

const MOST_SCENES = 3;
const LATE_S = 3;
const AROUND_PX = 300; // what stands above the map on the page, and the figures below it
const MOST_PX = 1_000;
const REST_MS = 220;
const NARROW_PX = 600; // a legend that lies open would hide most of such a map
const DECISION = ".st-key-decision"; // the block of the page that asks what becomes of one's steps
const LONGEST_NAME = 100; // as Python has it

// a page left open while the app is renewed loads these modules a second time
const HELD = Symbol.for("zonewright.painter");

const scenes = new Map();
const painters = new Map();
const memory = new Map(); // what a planner chose on a scenario, while the page stands

/** Take a scene (bytes) or a state, and show it. Gives what is to be called when it is removed. */
export function show({ data, parentElement, setStateValue }) {
  if (data instanceof Uint8Array) {
    holdScene(data);
    return undefined;
  }
  let painter = painters.get(parentElement);
  if (!painter) painters.set(parentElement, (painter = new Painter(parentElement)));
  painter.told(data, setStateValue);
  // Streamlit also calls this for a run that was overtaken: only what left the page is closed
  return () =>
    setTimeout(() => {
      const host = parentElement.host || parentElement;
      if (host.isConnected || !painters.has(parentElement)) return;
      painters.delete(parentElement);
      if (parentElement[HELD] === painter) delete parentElement[HELD];
      painter.close();
    }, 50);
}

function holdScene(bytes) {
  const start = new TextDecoder().decode(bytes.subarray(0, 200));
  const key = /^\{"key":"([^"]+)"/.exec(start)?.[1]; // spares reading it all at every run
  if (key && scenes.has(key)) return;
  const given = JSON.parse(new TextDecoder().decode(bytes));
  if (scenes.has(given.key)) return;
  scenes.set(given.key, new Scene(given));
  for (const old of [...scenes.keys()].slice(0, -MOST_SCENES)) scenes.delete(old);
  for (const painter of painters.values()) painter.begin();
}

class Painter {
  constructor(root) {
    root[HELD]?.close();
    root[HELD] = this;
    this.root = root;
    this.host = root.host || root;
    this.ready = addStyle(root);
    this.main = el("div", { className: "zw", role: "group", aria: { label: "Zone painter" } });
    this.main.append(el("p", { className: "wait" }, "Loading the map\u2026"));
    root.append(this.main);
    // without its style sheet the map would have another place and size
    this.main.hidden = true;
    this.ready.then(() => {
      this.main.hidden = false;
    });
    this.shape = [];
    this.chosen = new Set();
    this.stroke = null;
    this.kept = new Map();
    this.hovered = -1;
    this.cursor = -1;
    this.keyboard = false;
    this.picked = [];
    this.onSize = () => this.sized();
    window.addEventListener("resize", this.onSize);
    document.addEventListener("fullscreenchange", this.onSize);
  }

  close() {
    window.removeEventListener("resize", this.onSize);
    document.removeEventListener("fullscreenchange", this.onSize);
    clearTimeout(this.resting);
    this.remember();
    this.drawing?.close();
    this.queue?.close();
    clearInterval(this.clock);
    this.main.remove();
  }

  // What the page tells

  told(state, setStateValue) {
    this.post = (value) => setStateValue("sent", value);
    if (this.state && this.state.scenario !== state.scenario) {
      this.remember();
      this.queue?.close();
      this.queue = null;
      this.chosen.clear();
      this.kept.clear();
      this.stroke = null;
    }
    this.state = state;
    this.begin();
  }

  /** Begin once both the state and its scene are there. */
  begin() {
    const { state } = this;
    if (!state) return;
    const scene = scenes.get(state.scene);
    if (!scene) return;
    if (this.scene !== scene) this.build(scene);
    if (!this.queue) this.openQueue();
    this.sized();
    const { taken, refused } = this.queue.heard(state.client, state.ack || 0, state.refused);
    this.queue.seq = state.seq ?? null;
    this.plan.settled(taken);
    this.plan.told(state);
    this.refresh();
    for (const { message } of refused) this.say(message, "refused");
    this.showMessages();
    if (state.focus && state.focus.n !== this.focused) {
      this.focused = state.focus.n;
      this.zoomTo(state.focus.units.map((code) => scene.position.get(code)).filter((one) => one >= 0));
    }
  }

  /** Take the height that the page gives, and more where the window has it. */
  sized() {
    const full = this.isFull();
    this.main.classList.toggle("full", full);
    const least = this.state?.height || 620;
    const height = Math.max(least, Math.min(window.innerHeight - AROUND_PX, MOST_PX));
    this.main.style.height = full ? "100vh" : `${height}px`;
    this.controls?.showFull(full);
  }

  isFull() {
    return document.fullscreenElement === this.host;
  }

  /** Fill the screen, for a projector; or leave it. */
  async toggleFull() {
    if (this.isFull()) return document.exitFullscreen();
    try {
      await this.host.requestFullscreen();
      // where a browser lets it, Esc discards a stroke here too, and leaves when there is none
      await navigator.keyboard?.lock?.(["Escape"]);
    } catch {
      if (!this.isFull()) this.say("The browser does not let the map fill the screen.", "note");
    }
    return undefined;
  }

  openQueue() {
    const { scenario } = this.state;
    this.queue = new Queue(scenario, (...sent) => this.sendOut(scenario, ...sent));
    this.queue.onAdopt = () => {
      this.refresh();
      this.queue.push();
    };
    // what a tab kept from before is shown at once, and what the page has answered of it already
    this.queue.ready.then(() => this.begin());
  }

  sendOut(scenario, client, entries, base) {
    if (scenario !== this.state.scenario) return;
    const drawn = entries.findLast(({ event }) => event.kind === "drawn");
    this.post({
      scene: this.scene.key,
      scenario,
      client,
      base,
      events: entries
        .filter(({ event }) => event.kind !== "drawn")
        .map(({ n, event }) => ({ n, ...event })),
      drawn: drawn ? { n: drawn.n, polygon: drawn.event.polygon } : null,
      ask: null,
    });
  }

  build(scene) {
    this.scene = scene;
    this.drawing?.close();
    clearInterval(this.clock);
    this.figures = figuresOf(scene);
    this.plan = new Plan(scene);
    this.shown = new Int16Array(scene.count).fill(-9);
    this.choices = {
      zone: 0, coarse: "", tool: "brush", size: 2, ask: false, fill: "", tab: "mend", small: "level",
      points: new Set(), groupings: new Set(), towns: true, names: true, start: false, legend: null,
      columns: firstColumns(this.figures), view: null,
      ...memory.get(this.state.scenario),
    };
    this.main.replaceChildren();
    this.stage = el("div", {
      className: "stage",
      tabIndex: 0,
      role: "application",
      aria: {
        label: `Map of ${counted(scene.count, scene.unitWord)}. Arrow keys move from one to the next, ` +
          "space paints, question mark lists all keys.",
        roledescription: "map",
      },
    });
    this.live = el("div", { className: "unseen", role: "status", aria: { live: "polite" } });
    this.card = new Card(this);
    this.bar = new Bar(this);
    this.legend = el("details", {
      className: "legend", open: true, hidden: true,
      on: {
        toggle: () => this.drawing?.again("marks"),
        click: ({ target }) => {
          if (target.closest("summary")) this.choices.legend = !this.legend.open;
        },
      },
    });
    this.ruler = el("div", { className: "ruler", aria: { hidden: "true" } });
    this.messages = el("div", { className: "messages", role: "alert" });
    this.panel = new Panel(this);
    this.controls = new Controls(this);
    const map = el(
      "div",
      { className: "map" },
      this.controls.rail, this.stage, this.controls.zoom, this.controls.screen, this.legend, this.ruler,
      this.card.element, this.messages, this.bar.element,
    );
    const left = el("div", { className: "left" }, this.controls.head, map, this.controls.foot);
    this.main.append(left, this.panel.element, this.live);
    this.drawing = new Drawing(this.stage, scene, () => this.look());
    this.tools = new Tools(this.stage, this);
    this.drawing.resized = () => {
      this.foldLegend();
      this.viewChanged();
    };
    this.stage.addEventListener("focus", () => this.drawing.again("top"));
    this.stage.addEventListener("blur", () => this.drawing.again("top"));
    listen(this.main, this);
    this.setTool(this.choices.tool);
    this.setSize(this.choices.size);
    this.setCoarse(this.choices.coarse);
    // the style sheet decides how large the stage is
    this.ready.then(() => {
      this.drawing.resize();
      this.drawing.fit();
      if (this.choices.view) this.drawing.moveTo(this.choices.view, { now: true });
      this.viewChanged();
    });
    this.clock = setInterval(() => this.showSaved(), 1_000);
  }

  remember() {
    if (this.scene) {
      memory.set(this.state.scenario, { ...this.choices, view: this.drawing?.view });
    }
  }

  get zone() {
    return this.choices.zone;
  }

  set zone(at) {
    this.choices.zone = at;
  }

  // Choices

  setTool(key) {
    if (this.stroke) this.discard();
    this.clearNote();
    this.choices.tool = key;
    this.tools.tool = key;
    this.picked = [];
    this.shape = [];
    this.closed = false;
    this.stage.dataset.tool = key;
    this.controls.showTool(key);
    if (!this.kept.size) this.bar.hide();
    this.drawing.again("top");
  }

  setSize(size) {
    this.choices.size = Math.max(1, Math.min(3, size));
    this.tools.size = this.choices.size;
    this.controls.showSize(this.choices.size);
    this.drawing.again("top");
  }

  setCoarse(key) {
    this.choices.coarse = key;
    this.controls.showCoarse(key);
    this.drawing.again("top");
  }

  setFill(key) {
    this.choices.fill = key;
    this.shade();
    this.drawing.everything();
    this.panel.showLegend();
  }

  setZone(zone) {
    if (zone >= this.plan.zones.length) return;
    this.zone = zone;
    this.panel.showActive();
    this.tell(`Painting into ${this.plan.nameOf(zone)}.`);
  }

  // What is seen

  look() {
    if (this.stale) this.recount();
    const { choices, plan, scene, tools } = this;
    const area = scene.areas.find(({ key }) => key === choices.fill);
    const { shades } = this;
    const colours = shades
      ? shades.map(({ colour }) => colour)
      : plan.zones.map(({ colour }) => lighter(colour));
    const brushing = choices.tool === "brush" && !this.keyboard && this.pointer;
    const groupings = scene.groupings
      .map(({ key, group }, i) => ({ key, group, ...LINES[i % LINES.length] }))
      .filter(({ key }) => choices.groupings.has(key));
    if (choices.start) groupings.push({ group: plan.start, colour: "#16202a", dash: [1, 5] });
    return {
      zone: plan.zone,
      colourOf: area
        ? (unit) => area.fills[unit]
        : (unit) => (plan.zone[unit] < 0 ? "#f1f1ee" : colours[plan.zone[unit]]),
      hair: area ? "rgba(255,255,255,.45)" : shades ? "rgba(120,128,136,.4)" : "rgba(255,255,255,.75)",
      again: area || shades ? [] : plan.rounds(),
      isLocked: (unit) => plan.isLocked(unit),
      isNone: (unit) => plan.zone[unit] < 0 || shades?.[plan.zone[unit]]?.at === -1,
      borders: plan.borders,
      strays: this.strays,
      groupings,
      points: scene.points
        .map((one, i) => ({ ...one, colour: POINT_COLOURS[i % POINT_COLOURS.length] }))
        .filter(({ key }) => choices.points.has(key)),
      towns: choices.towns ? scene.towns : [],
      covered: () => this.overMap(),
      zoneNames: () => (choices.names ? this.zoneNames() : []),
      selected: this.chosen,
      touched: this.kept.size ? [...this.kept.keys()] : [],
      hovered: this.stroke ? [] : this.hoveredUnits(),
      under: this.stroke ? -1 : this.hovered,
      cursor: this.keyboard ? this.cursor : -1,
      shape: this.shape,
      closed: choices.tool !== "draw" || this.closed,
      corners: choices.tool === "draw" ? this.shape : [],
      brush: brushing && tools.size === 3 ? { px: this.pointer[0], py: this.pointer[1], radius: BRUSH_PX } : null,
    };
  }

  /** Give what stands over the map, in its pixels, so that no name is written below it. */
  overMap() {
    const { legend, ruler, controls } = this;
    return [controls.rail, controls.zoom, controls.screen, legend, ruler]
      .filter((one) => one.offsetWidth)
      .map(({ offsetLeft: x, offsetTop: y, offsetWidth: width, offsetHeight: height }) =>
        [x - 3, y - 3, x + width + 3, y + height + 3]);
  }

  /** Give the names of zones and where they stand; with how far each is from level, if shown. */
  zoneNames() {
    // the figure of a name changes in a stroke, its place only when that has ended
    if (!this.stroke || !this.named) this.named = namePlaces(this.scene, this.plan);
    const { shades } = this;
    return shades ? this.named.map((one) => ({ ...one, more: shades[one.zone]?.text })) : this.named;
  }

  hoveredUnits() {
    if (this.picked.length) return [...this.picked, this.hovered].filter((unit) => unit >= 0);
    if (this.hovered < 0) return [];
    const { tool } = this.choices;
    if (tool === "brush" && this.tools.size < 3 && !this.keyboard) {
      return this.widened(this.tools.around(this.hovered));
    }
    return tool === "hand" || tool === "draw" ? [this.hovered] : this.widened([this.hovered]);
  }

  /** Fold the legend where it would hide most of the map, until somebody opens or folds it. */
  foldLegend() {
    const { width } = this.drawing || {};
    if (width) this.legend.open = this.choices.legend ?? width >= NARROW_PX;
  }

  viewChanged() {
    if (!this.drawing.view) return;
    this.card.hide();
    this.hoverAgain();
    const { scale } = this.drawing.view;
    const metres = rulerOf(scale);
    this.ruler.style.width = `${metres * scale}px`;
    this.ruler.textContent = metres < 1e3 ? `${metres} m` : `${metres / 1e3} km`;
  }

  fit() {
    this.drawing.fit();
    this.viewChanged();
  }

  zoomTo(units) {
    if (!units.length) return;
    const box = this.scene.boxAround(units);
    this.drawing.fit(box, { margin: 90, most: 0.05 });
    this.cursor = units[0];
    this.viewChanged();
  }

  /** Show where a unit is, with its card. */
  goTo(unit) {
    this.zoomTo([unit]);
    this.keyboard = true;
    this.cursorMoved();
  }

  // The plan on screen

  /** Put together what the server told, what waits to be sent, and the stroke under way. */
  refresh() {
    if (!this.plan?.base) return;
    const { plan } = this;
    const looked = `${[...(plan.lockedUnits || [])]}|${[...(plan.lockedZones || [])]}|${plan.zones.map((z) => z.name + z.colour)}`;
    plan.replay(this.queue.pending());
    if (this.zone >= plan.zones.length) {
      this.zone = plan.zones.length - 1;
      this.panel.showActive();
    }
    this.base = plan.zone.slice();
    for (const changes of [this.kept, this.stroke?.changes || new Map()]) {
      for (const [unit, zone] of changes) {
        if (zone >= plan.zones.length || plan.heldBy(unit, zone)) changes.delete(unit);
        else plan.zone[unit] = zone;
      }
    }
    const changed = [];
    for (let unit = 0; unit < plan.zone.length; unit += 1) {
      if (plan.zone[unit] !== this.shown[unit]) changed.push(unit);
    }
    this.shown = plan.zone.slice();
    this.open = openPairs(this.scene, plan.borders);
    const looks = `${[...plan.lockedUnits]}|${[...plan.lockedZones]}|${plan.zones.map((z) => z.name + z.colour)}`;
    if (looks !== this.looks || looks !== looked) this.drawing.everything();
    else if (changed.length) this.drawing.repaint(changed);
    this.looks = looks;
    this.drawing.again("lines", "marks");
    this.strokeMoved();
    this.controls.showSteps(this.plan);
    this.card.stale();
    this.showSaved();
    this.panel.showTable();
  }

  recount() {
    const begin = performance.now();
    this.stale = false;
    const { plan, scene } = this;
    this.totals = totalsOf(scene, plan.zone, plan.zones.length);
    this.whole = everything(this.totals);
    if (this.startOf !== this.state.baseline) {
      this.startOf = this.state.baseline;
      this.startTotals = totalsOf(scene, plan.start, plan.startZones.length);
    }
    this.strays = strayPieces(plan.zone, this.open);
    this.none = unassigned(plan.zone);
    const staff = plan.zones.map((_, zone) => this.fteOf(zone));
    this.levels = new Map(this.rates().map((rate) => [
      rate.key, levelsOf(this.totals, this.whole, rate, staff, this.state.tolerance),
    ]));
    this.shade();
    this.took = performance.now() - begin;
  }

  rates() {
    return this.figures.filter(({ of }) => of === "rate");
  }

  /** Give what the map shows, where that is how far zones are from level. */
  levelShown() {
    const { fill } = this.choices;
    return fill.startsWith(LEVEL_FILL) ? this.levels?.get(fill.slice(LEVEL_FILL.length)) : undefined;
  }

  /** Give each zone its class on the map; repaint those that went over into another. */
  shade() {
    const { plan, shades: before } = this;
    const shown = this.levelShown();
    if (!shown) {
      this.shades = null;
      return;
    }
    const classes = classesOf(shown.tolerance);
    const some = Number.isFinite(shown.level); // else the legend says it once for all
    this.shades = shown.zones.map((one) => {
      const at = classAt(classes, one);
      return { at, colour: at < 0 ? UNKNOWN : classes[at].colour, text: at < 0 ? some && one.why : marked(one, shown.tolerance) };
    });
    if (!before) return;
    const fresh = this.shades.map(({ colour }, zone) => colour !== before[zone]?.colour);
    if (fresh.includes(true)) {
      const units = [...this.plan.zone.keys()].filter((unit) => fresh[plan.zone[unit]]);
      this.drawing.repaint(units);
    }
    if (this.shades.some(({ text }, zone) => text !== before[zone]?.text)) this.drawing.again("marks");
  }

  /** Bring totals and pieces up to date in the next frame. */
  strokeMoved() {
    this.stale = true;
    if (this.counting) return;
    this.counting = requestAnimationFrame(() => {
      this.counting = 0;
      if (this.stale) this.recount(); // else the drawing of this frame has done it
      const begin = performance.now();
      this.panel.showTotals();
      note("zonewright-totals", begin - this.took, performance.now());
      if (this.kept.size && !this.stroke) this.showAsk();
    });
  }

  // Strokes

  /** Begin a stroke into the zone chosen; false when it is locked. */
  beginStroke(to = this.zone) {
    if (to >= 0 && this.plan.zoneLocked(to)) {
      this.say(`${this.plan.nameOf(to)} is locked. Unlock it first, or choose another.`, "note");
      return false;
    }
    this.clearNote();
    clearTimeout(this.resting);
    this.card.hide();
    this.stroke = { to, changes: new Map(), held: new Set() };
    return true;
  }

  /** Take in whole wards where painting is by ward. */
  widened(units) {
    const coarse = this.scene.coarse.find(({ key }) => key === this.choices.coarse);
    if (!coarse) return units;
    const found = new Set();
    for (const unit of units) {
      if (unit < 0) continue;
      for (const one of coarse.members.get(coarse.group[unit]) || [unit]) found.add(one);
    }
    return [...found];
  }

  cover(units) {
    const { stroke, plan } = this;
    const fresh = [];
    for (const unit of this.widened(units)) {
      if (unit < 0 || plan.zone[unit] === stroke.to) continue;
      if (plan.heldBy(unit, stroke.to)) {
        stroke.held.add(unit);
        continue;
      }
      stroke.changes.set(unit, stroke.to);
      plan.zone[unit] = stroke.to;
      fresh.push(unit);
    }
    this.painted(fresh);
  }

  /** Let the stroke cover these units and no others. */
  coverOnly(units) {
    const wanted = new Set(this.widened(units));
    const left = [...this.stroke.changes.keys()].filter((unit) => !wanted.has(unit));
    this.stroke.held.clear();
    this.takeBack(left, this.stroke.changes);
    this.cover([...wanted]);
  }

  takeBack(units, changes) {
    for (const unit of units) {
      changes.delete(unit);
      this.plan.zone[unit] = changes === this.kept ? this.base[unit] : this.kept.get(unit) ?? this.base[unit];
    }
    this.painted(units);
  }

  painted(units) {
    if (!units.length) return;
    for (const unit of units) this.shown[unit] = this.plan.zone[unit];
    this.drawing.repaint(units);
  }

  /** End a stroke: keep it, or show it for approval. */
  endStroke() {
    const { stroke } = this;
    if (!stroke) return;
    this.stroke = null;
    for (const [unit, zone] of stroke.changes) {
      if (this.base[unit] === zone) this.kept.delete(unit);
      else this.kept.set(unit, zone);
    }
    if (stroke.held.size) {
      const word = stroke.held.size === 1 ? "was" : "were";
      this.say(`${counted(stroke.held.size, `locked ${this.scene.unitWord}`)} ${word} passed over.`, "note");
    }
    this.drawing.again("marks", "top", "lines");
    this.strokeMoved();
    if (!this.choices.ask) this.keep(stroke.held.size);
    else if (this.kept.size) this.showAsk();
  }

  /** Keep what was painted: one step of the history. */
  keep() {
    const { kept, plan, scene } = this;
    this.bar.hide();
    if (!kept.size) return;
    const to = {};
    const zones = new Set();
    for (const [unit, zone] of kept) {
      to[scene.codes[unit]] = zone < 0 ? null : plan.nameOf(zone);
      zones.add(zone);
    }
    const where = zones.size === 1 ? plan.nameOf([...zones][0]) : counted(zones.size, "zone");
    const title = `${counted(kept.size, scene.unitWord)} to ${where}`;
    kept.clear();
    this.did({ kind: "edit", title, to, zones: [] });
    this.tell(`${title}. ${this.summary([...zones])}`);
  }

  /** Leave what was painted and not kept. */
  discard() {
    if (this.stroke) {
      this.takeBack([...this.stroke.changes.keys()], this.stroke.changes);
      this.stroke = null;
    } else if (this.kept.size) {
      this.takeBack([...this.kept.keys()], this.kept);
      this.bar.hide();
    } else return false;
    this.shape = [];
    if (this.tools) this.tools.drag = null;
    this.drawing.again("marks", "top", "lines");
    this.strokeMoved();
    this.tell("Discarded.");
    return true;
  }

  /** Paint units by keyboard, table or button: a stroke of its own. */
  move(units, to = this.zone) {
    if (!this.beginStroke(to)) return;
    this.cover(units);
    this.endStroke();
  }

  did(event) {
    this.queue.add(event);
    this.refresh();
  }

  undo() {
    if (this.discard()) return;
    this.back("undo", this.plan.steps.at(-1)?.before, this.plan.undoTitle());
  }

  redo() {
    this.back("redo", this.plan.undone.at(-1)?.after, this.plan.redoTitle());
  }

  back(kind, side, title) {
    if (title === null) return;
    this.clearNote();
    const held = side ? this.plan.heldIn(side) : -1;
    if (held >= 0) {
      this.say(`${capital(kind)} would move ${this.scene.names[held]}, which is locked. Unlock it first.`, "note");
      return;
    }
    this.did({ kind });
    this.tell(`${capital(kind)}: ${title}.`);
  }

  askReset() {
    this.settle(() => this.askResetNow());
  }

  askResetNow() {
    const { to, zones, moves, held, changes } = this.plan.resetting();
    if (!changes) {
      const stay = `${counted(held, `locked ${this.scene.unitWord}`)} ${held === 1 ? "stays" : "stay"} as now.`;
      const words = held ? `${stay} Nothing else differs from the start.` : "Nothing differs from the start.";
      return this.say(words, "note");
    }
    const what = moves ? counted(moves, this.scene.unitWord) : "the zones";
    const locked = held ? ` ${counted(held, "locked one")} will stay.` : "";
    this.bar.ask(`Put ${what} back as at the start?${locked}`, [
      ["Back to the start", () => {
        this.bar.hide();
        this.did({ kind: "edit", title: "Back to the start", to, zones });
        this.tell("Back to the start. It can be undone.");
      }, "main"],
      ["Cancel (Esc)", () => this.bar.hide()],
    ], { decides: true });
    return this.bar.takeFocus(); // on the button that was pressed Enter would ask again
  }

  pickAt(unit) {
    if (unit < 0) return;
    this.setZone(this.plan.zone[unit]);
    if (this.choices.tool === "pick") this.setTool("brush");
  }

  // Choosing

  toggleChosen(unit) {
    if (unit < 0) return;
    const units = this.widened([unit]);
    const add = !this.chosen.has(unit);
    for (const one of units) this.chosen[add ? "add" : "delete"](one);
    this.choiceChanged();
    this.tell(`${this.scene.names[unit]} ${add ? "chosen" : "left out"}. ${number(this.chosen.size)} chosen.`);
  }

  choose(units, on) {
    for (const unit of units) this.chosen[on ? "add" : "delete"](unit);
    this.choiceChanged();
  }

  choiceChanged() {
    this.drawing.again("top");
    this.panel.showChosen();
  }

  moveChosen(to) {
    const units = [...this.chosen];
    const coarse = this.choices.coarse;
    this.choices.coarse = ""; // what was chosen is moved, nothing besides
    this.move(units, to);
    this.choices.coarse = coarse;
    this.chosen.clear();
    this.choiceChanged();
  }

  // Zones

  askNewZone() {
    const { plan } = this;
    let count = plan.zones.length + 1;
    while (plan.place.has(`Zone ${count}`)) count += 1;
    this.settle(() => this.bar.askText("Name of the new zone", `Zone ${count}`, ["Add zone", (name) => {
      const zones = [...plan.zones.map((one) => one.name), name];
      this.did({ kind: "edit", title: `New zone ${name}`, to: {}, zones });
      this.setZone(plan.place.get(name) ?? -1);
      this.tell(`New zone ${name}. What you paint now goes to it.`);
      this.stage.focus({ preventScroll: true });
    }], (name) => this.wrongName(name)));
  }

  askName(zone) {
    const { plan, scene } = this;
    const { name: old } = plan.zones[zone];
    const members = plan.members(zone);
    if (plan.zoneLocked(zone) || members.some((unit) => plan.lockedUnits.has(unit))) {
      this.say(`${old} is locked, or a part of it. Unlock it first.`, "note");
      return;
    }
    // the page follows the name; files and other plans do not
    const known = plan.startZones.includes(old)
      ? `Its staff and its past go with it. Files and other plans know it as ${old}.`
      : "";
    this.settle(() => this.bar.askText(`New name of ${old}`, old, ["Rename", (name) => {
      if (name === old) return;
      const to = Object.fromEntries(members.map((unit) => [scene.codes[unit], name]));
      const zones = plan.zones.map((one) => (one.name === old ? name : one.name));
      this.did({ kind: "edit", title: `${old} is now ${name}`, to, zones });
      this.tell(`${old} is now ${name}.`);
      this.stage.focus({ preventScroll: true });
    }], (name) => (name === old ? "" : this.wrongName(name, old)), known));
  }

  /** Say why a zone cannot have a name; empty when it can. */
  wrongName(name, old = "") {
    if (!name) return "Give it a name.";
    if ([...name].length > LONGEST_NAME) return `Use at most ${LONGEST_NAME} characters.`;
    if (/[\p{C}\p{Z}]/u.test(name.replaceAll(" ", ""))) return "Leave out characters that nobody sees.";
    const same = this.plan.zones.find(
      (one) => one.name !== old && one.name.toLowerCase() === name.toLowerCase(),
    );
    return same ? `There is a zone ${same.name} already.` : "";
  }

  /** Decide first about what was painted and not kept. */
  settle(act) {
    if (this.stroke) this.discard();
    this.clearNote();
    if (!this.kept.size) return act();
    this.say("Accept or discard what you painted first.", "note");
    return undefined;
  }

  // Locks, borders, drawing

  toggleLock(unit) {
    if (unit < 0) return;
    const on = !this.plan.lockedUnits.has(unit);
    const units = this.widened([unit]).map((one) => this.scene.codes[one]);
    this.did({ kind: "lock", on, zones: [], units });
    const what = units.length === 1 ? this.scene.names[unit] : counted(units.length, this.scene.unitWord);
    this.tell(`${what} ${on ? "locked" : "unlocked"}.`);
  }

  toggleZoneLock(zone) {
    const { name } = this.plan.zones[zone];
    const on = !this.plan.lockedZones.has(name);
    this.did({ kind: "lock", on, zones: [name], units: [] });
    this.tell(`${name} ${on ? "locked" : "unlocked"}.`);
  }

  pickBorder(unit) {
    if (unit < 0) return;
    if (this.picked.length !== 1 || this.picked[0] === unit) this.picked = [unit];
    else this.picked.push(unit);
    this.drawing.again("top");
    if (this.picked.length < 2) {
      this.bar.ask(`${this.scene.names[unit]}: now the other one.`, [["Cancel (Esc)", () => this.dropPicked()]]);
      return;
    }
    const [a, b] = this.picked;
    const pair = [this.scene.codes[a], this.scene.codes[b]].sort();
    const make = (what, words) => () => {
      this.did({ kind: "border", what, pairs: [pair] });
      this.dropPicked();
      this.tell(words);
    };
    const set = this.plan.borders.get(this.plan.pairName(...pair));
    const found = set === "link" ? "linked" : set === "cut" ? "cut" : this.passes(a, b) ? "one can pass" : "one cannot pass";
    const names = `${this.scene.names[a]} and ${this.scene.names[b]}`;
    const built = this.scene.openAsBuilt(a, b); // undefined where they do not touch
    const apart = built === undefined ? "they do not touch, " : "";
    const answers = [];
    if (!built && set !== "link") answers.push(["Link", make("link", `${names} linked.`)]);
    if (built && set !== "cut") answers.push(["Cut", make("cut", `Border of ${names} cut.`)]);
    if (set) answers.push(["As built", make("clear", `${names} as built.`)]);
    if (answers.length === 1) answers[0].push("main");
    answers.push(["Cancel (Esc)", () => this.dropPicked()]);
    this.bar.ask(`${names}: ${apart}${found}.`, answers, { decides: true });
  }

  passes(a, b) {
    const { open } = this;
    for (let at = 0; at < open.length; at += 2) {
      if ((open[at] === a && open[at + 1] === b) || (open[at] === b && open[at + 1] === a)) return true;
    }
    return false;
  }

  dropPicked() {
    this.picked = [];
    this.bar.hide();
    this.drawing.again("top");
  }

  addCorner(corner) {
    const last = this.shape.at(-1);
    const near = last && Math.hypot(last[0] - corner[0], last[1] - corner[1]) * this.drawing.view.scale;
    if (this.closed || near < 3) return; // the second press of a double click
    this.shape = [...this.shape, corner];
    this.askCorner();
  }

  askCorner() {
    this.drawing.again("top");
    this.bar.ask(`${counted(this.shape.length, "corner")}.`, [
      ["Close (Enter)", () => this.closeShape(), this.shape.length < 3 ? "off" : "main"],
      ["Last corner away", () => this.dropCorner()],
      ["Discard (Esc)", () => this.dropShape()],
    ]);
  }

  dropCorner() {
    this.shape = this.shape.slice(0, -1);
    if (this.shape.length) this.askCorner();
    else this.dropShape();
  }

  closeShape() {
    if (this.choices.tool !== "draw" || this.shape.length < 3) return;
    this.closed = true;
    this.drawing.again("top");
    const inside = this.scene.inPolygon(this.shape).length;
    this.bar.ask(`A polygon around ${counted(inside, this.scene.unitWord)}.`, [
      ["Use it", () => {
        const [e, n] = this.scene.origin;
        const polygon = this.shape.map(([x, y]) => [Math.round(x + e), Math.round(y + n)]);
        this.dropShape();
        this.did({ kind: "drawn", polygon });
        this.say("The polygon waits below the map: open \u2018Draw or load\u2019 to say which zone it is for.", "notice");
        this.tell("The polygon waits below the map, in Draw or load.");
      }, "main"],
      ["Discard (Esc)", () => this.dropShape()],
    ], { decides: true });
  }

  dropShape() {
    this.shape = [];
    this.closed = false;
    this.bar.hide();
    this.drawing.again("top");
  }

  // Mending

  giveAway({ zone, units }) {
    const to = longestNeighbour(this.scene, this.plan.zone, units, (other) => !this.plan.zoneLocked(other));
    if (to < 0) return this.say(`No zone that could take it borders this piece of ${this.plan.nameOf(zone)}.`, "note");
    return this.moveExactly(units, to);
  }

  moveExactly(units, to) {
    const coarse = this.choices.coarse;
    this.choices.coarse = "";
    this.move(units, to);
    this.choices.coarse = coarse;
  }

  // Words

  /** Say how the first figure of some zones stands, and how far from level they are. */
  summary(zones) {
    const first = this.firstFigure();
    if (!first) return "";
    this.recount();
    return zones
      .filter((zone) => zone >= 0)
      .slice(0, 3)
      .map((zone) => {
        const found = figure(this.totals, zone, first, this.fteOf(zone));
        const name = this.plan.nameOf(zone);
        const level = this.levelTold();
        const away = level ? ` ${level.wanted.title}: ${spoken(level.zones[zone], level.tolerance)}.` : "";
        return `${name}: ${written(found, first.decimals)} ${first.title}.${away}`;
      })
      .join(" ");
  }

  /** Give the levels that are told after a stroke: those of the map, or of the first rate shown. */
  levelTold() {
    const rate = this.choices.columns.find((key) => this.levels.has(key));
    return this.levelShown() || this.levels.get(rate);
  }

  /** Give the figure that stands first beside the zones. */
  firstFigure() {
    return this.figures.find(({ key }) => key === this.choices.columns[0]);
  }

  fteOf(zone) {
    if (zone < 0) return undefined;
    const { fte } = this.state;
    return fte === null ? HIDDEN : fte?.[this.plan.nameOf(zone)];
  }

  tell(text) {
    this.live.textContent = "";
    // a reader is told of the same words twice only when they were gone between
    setTimeout(() => {
      this.live.textContent = text;
    }, 30);
  }

  say(text, kind) {
    this.saying = { text, kind };
    this.showMessages();
  }

  clearNote() {
    if (!this.saying) return;
    this.saying = null;
    this.showMessages();
  }

  showMessages() {
    const found = [];
    if (this.state.trouble) found.push([this.state.trouble, "trouble"]);
    else if (this.lateWords) found.push([this.lateWords, "note"]);
    if (this.saying) found.push([this.saying.text, this.saying.kind]);
    if (this.state.notice) found.push([this.state.notice, this.state.stale ? "stale" : "notice"]);
    const told = JSON.stringify(found);
    if (told === this.toldMessages) return;
    this.toldMessages = told;
    this.messages.replaceChildren(
      ...found.map(([text, kind]) =>
        el(
          "div",
          { className: `message ${kind}` },
          el("span", {}, text),
          this.saying?.text === text
            ? iconButton("Close this note", ["M5 5 15 15M15 5 5 15"], { on: { click: () => this.clearNote() } })
            : null,
          kind === "stale"
            ? el("button", {
              type: "button", className: "main", textContent: "Go to the decision",
              on: { click: () => this.goToDecision() },
            })
            : null,
        ),
      ),
    );
  }

  /** Bring the question on the page, below the map, into sight, and the keyboard to it. */
  async goToDecision() {
    if (this.isFull()) await this.toggleFull();
    const block = document.querySelector(DECISION);
    if (!block) return;
    block.tabIndex = -1; // the next Tab goes to what is in it
    block.focus({ preventScroll: true });
    block.scrollIntoView({ block: "center" });
  }

  showSaved() {
    const waiting = this.queue?.pending().length || 0;
    const asks = Boolean(this.state.stale); // the line is good: the steps wait for a person
    const late = waiting && !asks && this.queue.age() > LATE_S;
    const words = `Not saved yet: ${counted(waiting, "stroke")} ${waiting === 1 ? "is" : "are"} kept in this browser`;
    const full = this.queue?.full ? " tab, which must stay open" : "";
    const quiet = waiting ? "Saving\u2026" : this.state.saved || "";
    const text = asks ? "Waiting for your decision below the map" : late ? words + full : quiet;
    this.controls.showSaved(text, asks ? "asks" : late ? "late" : "");
    const before = this.lateWords;
    this.lateWords = late ? `${text}.` : "";
    if (before !== this.lateWords) this.showMessages();
  }

  showAsk() {
    const first = this.firstFigure();
    const changes = [];
    if (first) {
      const before = totalsOf(this.scene, this.base, this.plan.zones.length);
      this.plan.zones.forEach(({ name }, zone) => {
        const [was, is] = [before, this.totals].map(
          (all) => figure(all, zone, first, this.fteOf(zone)).value,
        );
        const text = change(is - was, first.decimals);
        if (text) changes.push(`${name} ${text}`);
      });
    }
    const what = changes.length ? ` ${first.title}: ${changes.slice(0, 4).join(", ")}.` : "";
    this.bar.ask(`${counted(this.kept.size, this.scene.unitWord)} painted.${what}`, [
      ["Accept (Enter)", () => this.keep(), "main"],
      ["Discard (Esc)", () => this.discard()],
    ]);
  }

  hover(unit, point = null, { stay = false } = {}) {
    this.keyboard = false;
    this.pointer = point;
    this.hovered = unit;
    this.drawing.again("top");
    clearTimeout(this.resting);
    if (this.stroke) return;
    if (stay) this.card.stale();
    if (!point) this.card.hide();
    else if (stay || !PAINTING.has(this.choices.tool)) this.card.show(unit, point);
    else {
      // a card that followed a brush would cover what is to be painted next
      this.card.hide();
      this.resting = setTimeout(() => this.stroke || this.card.show(unit, point), REST_MS);
    }
  }

  /** Look again at what lies under a pointer that rests: the map has moved below it. */
  hoverAgain() {
    clearTimeout(this.resting);
    const { rests, drag } = this.tools || {};
    if (!rests || drag || this.stroke || this.keyboard || !this.drawing.view) return;
    const point = this.tools.at(rests);
    this.pointer = point;
    this.hovered = this.tools.unitAt(point);
    this.drawing.again("top");
    const unit = this.hovered;
    this.resting = setTimeout(() => this.stroke || this.keyboard || this.card.show(unit, point), REST_MS);
  }

  // The keyboard's place on the map

  moveCursor(dx, dy) {
    this.keyboard = true;
    const { scene, drawing } = this;
    if (this.cursor < 0) {
      const [x, y] = drawing.toWorld(drawing.width / 2, drawing.height / 2);
      this.cursor = nearest(scene, x, y);
    } else {
      const next = scene.towards(this.cursor, dx, dy);
      if (next < 0) return this.tell("There is none further that way.");
      this.cursor = next;
    }
    return this.cursorMoved();
  }

  cursorMoved() {
    const { scene, drawing, cursor } = this;
    this.hovered = cursor;
    clearTimeout(this.resting);
    const [x, y] = [scene.centres[2 * cursor], scene.centres[2 * cursor + 1]];
    let [px, py] = drawing.toScreen(x, y);
    if (px < 60 || py < 40 || px > drawing.width - 60 || py > drawing.height - 40) {
      drawing.moveTo({ ...drawing.view, x, y }, { now: true });
      this.viewChanged();
      [px, py] = drawing.toScreen(x, y);
    }
    this.card.show(cursor, [px + 14, py]);
    drawing.again("top");
    const first = scene.live[0];
    const text = first ? ` ${first.title}: ${first.estimated[cursor] ? HIDDEN : number(first.values[cursor], first.decimals)}.` : "";
    const locked = this.plan.isLocked(cursor) ? " Locked." : "";
    const picked = this.chosen.has(cursor) ? " Chosen." : "";
    this.tell(`${scene.names[cursor]}, in ${this.plan.nameOf(this.plan.zone[cursor])}.${text}${locked}${picked}`);
  }

  /** Use the tool at the keyboard's place. */
  useTool() {
    if (this.cursor < 0) return this.moveCursor(0, 1);
    this.clearNote();
    const { cursor, choices } = this;
    if (choices.tool === "choose") return this.toggleChosen(cursor);
    if (choices.tool === "pick") return this.pickAt(cursor);
    if (choices.tool === "lock") return this.toggleLock(cursor);
    if (choices.tool === "border") return this.pickBorder(cursor);
    if (choices.tool === "draw") {
      return this.addCorner([this.scene.centres[2 * cursor], this.scene.centres[2 * cursor + 1]]);
    }
    return this.move(choices.tool === "brush" ? this.tools.around(cursor) : [cursor]);
  }

  /** Go from one thing to mend to the next. */
  nextToMend() {
    const found = [...this.strays.map(({ units }) => units), ...this.none.map((unit) => [unit])];
    if (!found.length) return this.tell("Nothing to mend: every zone is in one piece and every area in a zone.");
    this.mending = ((this.mending ?? -1) + 1) % found.length;
    this.zoomTo(found[this.mending]);
    this.keyboard = true;
    return this.cursorMoved();
  }
}

const PAINTING = new Set(["brush", "box", "lasso", "draw"]);

function firstColumns(figures) {
  const rates = figures.filter(({ of }) => of === "rate");
  const children = figures.find(({ key }) => key === "children");
  const wanted = [children, ...rates, ...figures].filter(Boolean);
  return [...new Set(wanted.map(({ key }) => key))].slice(0, 3);
}

/** Mix a colour with a fifth of white, so that names and points stand out on it. */
function lighter(colour) {
  const parts = /^#(..)(..)(..)$/.exec(colour);
  if (!parts) return colour;
  const mixed = parts.slice(1).map((part) => Math.round(parseInt(part, 16) * 0.8 + 51));
  return `rgb(${mixed.join(",")})`;
}

function addStyle(root) {
  const link = el("link", { rel: "stylesheet", href: new URL("painter.css", import.meta.url).href });
  const loaded = new Promise((settle) => {
    link.addEventListener("load", settle);
    link.addEventListener("error", settle);
  });
  root.append(link);
  return loaded;
}
