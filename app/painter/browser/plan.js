// The plan on screen: what the server last told, and on top what this browser did since.

import { decode } from "./scene.js";

/** A unit's zone is a position among `zones`; -1 is in no zone. */
export class Plan {
  constructor(scene) {
    this.scene = scene;
    this.zones = [];
    this.past = []; // steps of this page that the server took: it can take them back at once
    this.future = [];
    this.zone = new Int16Array(scene.count).fill(-1);
    this.start = new Int16Array(scene.count).fill(-1);
  }

  /** Take over what the server tells. */
  told(state) {
    this.zones = state.zones;
    this.place = new Map(state.zones.map(({ name }, i) => [name, i]));
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

  /** Note what became of events that are no longer waiting. */
  settled(entries) {
    for (const { event, changes } of entries) {
      if (event.kind === "edit") {
        if (changes) this.past.push({ title: event.title, changes });
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
      entry.changes = this.changesOf(event);
      this.put(entry.changes, 2);
      this.steps.push({ title: event.title, changes: entry.changes });
      this.undone = [];
    } else if (event.kind === "undo") this.step(this.steps, this.undone, 2, 1);
    else if (event.kind === "redo") this.step(this.undone, this.steps, 1, 2);
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
  step(from, to, before, after) {
    const step = from.at(-1);
    if (!step || step.changes.some((one) => this.zone[one[0]] !== one[before])) {
      this.blind += 1;
      return;
    }
    from.pop();
    to.push(step);
    this.put(step.changes, after);
  }

  changesOf(event) {
    const changes = [];
    for (const [code, zone] of Object.entries(event.to)) {
      const unit = this.scene.position.get(code);
      const to = zone === null ? -1 : this.place.get(zone);
      if (unit === undefined || to === undefined || this.zone[unit] === to) continue;
      changes.push([unit, this.zone[unit], to]);
    }
    return changes;
  }

  put(changes, at) {
    for (const one of changes) this.zone[one[0]] = one[at];
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
    return zone >= 0 && this.lockedZones.has(this.zones[zone].name);
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

  /** Make the step back to the baseline, without what is locked. */
  resetting() {
    const same =
      this.startZones.length === this.zones.length &&
      this.startZones.every((name) => this.place.has(name));
    const to = {};
    let held = 0;
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
    }
    // a plan with other zones is put in the place of this one as a whole
    const kept = held ? this.zones.map(({ name }) => name) : [];
    const zones = same ? [] : [...new Set([...this.startZones, ...kept])];
    return { to, zones, held };
  }

  pairName(a, b) {
    return a < b ? `${a}|${b}` : `${b}|${a}`;
  }
}
