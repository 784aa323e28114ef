// The plan on screen: what the server last told, and on top what this browser did since.

import { decode } from "./scene.js";

// as app/palettes.py gives them: a zone made here has its colour before the server says so
const COLOURS = [
  "#56b4e9", "#e69f00", "#009e73", "#f0e442", "#cc79a7", "#0072b2", "#d55e00", "#999999",
];

/** A unit's zone is a position among `zones`; -1 is in no zone. */
export class Plan {
  constructor(scene) {
    this.scene = scene;
    this.zones = [];
    this.past = []; // steps of this page that the server took: it can take them back at once
    this.future = [];
    this.stepOf = new WeakMap(); // of an entry of the queue; the storage need not hold it
    this.zone = new Int16Array(scene.count).fill(-1);
    this.start = new Int16Array(scene.count).fill(-1);
  }

  /** Take over what the server tells. */
  told(state) {
    this.toldZones = state.zones;
    this.haveZones(state.zones);
    this.base = decode(state.assignment, "i16");
    this.startZones = state.baselineZones || state.zones.map(({ name }) => name);
    this.start = decode(state.baseline, "i16");
    this.toldLocks = {
      zones: new Set(state.lockedZones || []),
      units: new Set((state.lockedUnits || []).map((code) => this.scene.position.get(code))),
    };
    this.toldBorders = new Map([
      ...(state.links || []).map((pair) => [this.pairName(...pair), "link"]),
      ...(state.cuts || []).map((pair) => [this.pairName(...pair), "cut"]),
    ]);
    this.toldUndo = state.undo || null;
    this.toldRedo = state.redo || null;
    // somebody else's step came on top: what this page could take back is not the last one
    if (this.past.length && this.past.at(-1).title !== this.toldUndo) this.past = [];
    if (this.future.length && this.future.at(-1).title !== this.toldRedo) this.future = [];
  }

  haveZones(zones) {
    this.zones = zones;
    this.place = new Map(zones.map(({ name }, i) => [name, i]));
  }

  /** Note what became of events that are no longer waiting. */
  settled(entries) {
    for (const entry of entries) {
      const { event } = entry;
      if (event.kind === "edit") {
        const step = this.stepOf.get(entry);
        if (step) this.past.push(step);
        this.future = [];
      } else if (event.kind === "undo") {
        const step = this.past.pop();
        this.future = step ? [...this.future, step] : [];
      } else if (event.kind === "redo") {
        const step = this.future.pop();
        if (step) this.past.push(step);
        else this.past = [];
      }
    }
  }

  /** Put the waiting events on top of what the server told. */
  replay(pending) {
    this.haveZones(this.toldZones);
    this.zone = this.base.slice();
    this.lockedZones = new Set(this.toldLocks.zones);
    this.lockedUnits = new Set(this.toldLocks.units);
    this.borders = new Map(this.toldBorders);
    this.steps = [...this.past];
    this.undone = [...this.future];
    this.blind = 0; // undos and redos whose outcome only the server knows
    for (const entry of pending) this.take(entry);
  }

  take(entry) {
    const { event } = entry;
    if (event.kind === "edit") {
      const step = this.stepFor(event);
      this.stepOf.set(entry, step);
      this.put(step.after);
      this.steps.push(step);
      this.undone = [];
    } else if (event.kind === "undo") this.step(this.steps, this.undone, "after", "before");
    else if (event.kind === "redo") this.step(this.undone, this.steps, "before", "after");
    else if (event.kind === "lock") this.lock(event);
    else if (event.kind === "border") {
      for (const pair of event.pairs) {
        const name = this.pairName(...pair);
        if (event.what === "clear") this.borders.delete(name);
        else this.borders.set(name, event.what);
      }
    }
  }

  /** Take a step back or again, if this page knows it and nothing else came between. */
  step(from, to, now, then) {
    const step = from.at(-1);
    if (!step || !this.stands(step[now])) {
      this.blind += 1;
      return;
    }
    from.pop();
    to.push(step);
    this.put(step[then]);
  }

  /**
   * Make a step of an event: what it finds and what it leaves, each as the zones of some units,
   * and as the names of all zones where the event changes those.
   */
  stepFor({ title, to, zones }) {
    const units = [];
    const [before, after] = [{ units, zone: [] }, { units, zone: [] }];
    const rezoned = zones?.length > 0;
    if (rezoned) {
      before.names = this.zones.map(({ name }) => name);
      after.names = zones;
    }
    const place = rezoned ? new Map(zones.map((name, i) => [name, i])) : this.place;
    for (let unit = 0; unit < this.zone.length; unit += 1) {
      const name = to[this.scene.codes[unit]];
      if (name === undefined && !rezoned) continue;
      const was = this.zone[unit];
      const wanted = name === undefined ? this.zones[was]?.name ?? null : name;
      const at = wanted === null ? -1 : place.get(wanted);
      if (at === undefined || (at === was && !rezoned)) continue;
      units.push(unit);
      before.zone.push(was);
      after.zone.push(at);
    }
    return { title, before, after };
  }

  /** Say whether the plan is as one side of a step has it. */
  stands({ units, zone, names }) {
    const named = !names ||
      (names.length === this.zones.length && names.every((name, i) => this.zones[i].name === name));
    return named && units.every((unit, i) => this.zone[unit] === zone[i]);
  }

  put({ units, zone, names }) {
    if (names) {
      this.haveZones(names.map((name, i) => ({ name, colour: COLOURS[i % COLOURS.length] })));
    }
    units.forEach((unit, i) => {
      this.zone[unit] = zone[i];
    });
  }

  /** Give a locked unit that a side of a step would move; -1 when there is none. */
  heldIn({ units, zone, names }) {
    const held = units.findIndex((unit, i) => {
      const was = this.zones[this.zone[unit]]?.name;
      const is = names ? names[zone[i]] : this.zones[zone[i]]?.name;
      if (was === is) return false;
      return this.lockedUnits.has(unit) || this.lockedZones.has(was) || this.lockedZones.has(is);
    });
    return held < 0 ? -1 : units[held];
  }

  /** List the units of a zone. */
  members(zone) {
    const found = [];
    this.zone.forEach((at, unit) => {
      if (at === zone) found.push(unit);
    });
    return found;
  }

  lock({ on, zones, units }) {
    for (const zone of zones) this.lockedZones[on ? "add" : "delete"](zone);
    for (const code of units) {
      const unit = this.scene.position.get(code);
      if (unit !== undefined) this.lockedUnits[on ? "add" : "delete"](unit);
    }
  }

  /** Say why a unit may not go to a zone; empty when it may. */
  heldBy(unit, to) {
    if (this.lockedUnits.has(unit)) return "locked";
    if (this.zoneLocked(this.zone[unit])) return "in a locked zone";
    return this.zoneLocked(to) ? "the zone is locked" : "";
  }

  /** Say whether a unit shows as locked: itself, or its zone. */
  isLocked(unit) {
    return this.lockedUnits.has(unit) || this.zoneLocked(this.zone[unit]);
  }

  zoneLocked(zone) {
    return zone >= 0 && this.lockedZones.has(this.zones[zone]?.name);
  }

  /** Say for each zone how often its colour stood before it: 0 for the first eight. */
  rounds() {
    const seen = new Map();
    return this.zones.map(({ colour }) => {
      const round = seen.get(colour) ?? 0;
      seen.set(colour, round + 1);
      return round;
    });
  }

  nameOf(zone) {
    return zone < 0 ? "no zone" : this.zones[zone].name;
  }

  undoTitle() {
    if (this.steps.length) return this.steps.at(-1).title;
    return this.blind ? null : this.toldUndo;
  }

  redoTitle() {
    if (this.undone.length) return this.undone.at(-1).title;
    // a fresh step forgets what was undone before it
    return this.blind || this.steps.length > this.past.length ? null : this.toldRedo;
  }

  /**
   * Make the step back to the baseline, without what is locked: how many units it moves, and how
   * many stay since they are locked. `changes` is false where it would change nothing.
   */
  resetting() {
    const same =
      this.startZones.length === this.zones.length &&
      this.startZones.every((name) => this.place.has(name));
    const to = {};
    let [moves, held] = [0, 0];
    for (let unit = 0; unit < this.zone.length; unit += 1) {
      const name = this.start[unit] < 0 ? null : this.startZones[this.start[unit]];
      const at = name === null ? -1 : this.place.get(name);
      if (at === this.zone[unit] && same) continue;
      const moved = at !== this.zone[unit];
      if (moved && this.heldBy(unit, at ?? -1)) {
        held += 1;
        if (!same) to[this.scene.codes[unit]] = this.zone[unit] < 0 ? null : this.nameOf(this.zone[unit]);
        continue;
      }
      to[this.scene.codes[unit]] = name;
      if (moved) moves += 1;
    }
    // a plan with other zones is put in the place of this one as a whole
    const kept = held ? this.zones.map(({ name }) => name) : [];
    const zones = same ? [] : [...new Set([...this.startZones, ...kept])];
    const now = new Set(this.zones.map(({ name }) => name));
    const rezones = zones.length > 0 && (zones.length !== now.size || zones.some((one) => !now.has(one)));
    return { to, zones, moves, held, changes: moves > 0 || rezones };
  }

  pairName(a, b) {
    return a < b ? `${a}|${b}` : `${b}|${a}`;
  }
}
