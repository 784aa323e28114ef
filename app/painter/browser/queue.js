// What was done and is not known to be saved: kept in this browser and sent until it is.
//
// Each tab is a client with numbers of its own. A tab that died leaves its queue in the storage;
// the next tab on the same scenario takes it over and sends it under the dead tab's name, so that
// nothing is taken twice.

const ROOT = "zonewright";
const BEAT_MS = 5_000;
// a tab in the background is woken once a minute: one silent for longer is dead
const DEAD_MS = 150_000;

export class Queue {
  /**
   * `send` gets (client, entries, base): events and at most one polygon, and the lowest of what
   * they were painted on.
   */
  constructor(scenario, send) {
    this.scenario = scenario;
    this.send = send;
    this.store = storage();
    this.orphans = [];
    this.client = "";
    this.entries = [];
    this.next = 1;
    this.seq = null; // the last event of the scenario on screen
    this.wait = 0;
    this.ready = this.open();
  }

  /** Find out who this tab is, and which queues of dead tabs it must see through. */
  async open() {
    const wanted = this.mine();
    this.client = (await claim(wanted)) ? wanted : fresh();
    if (this.client !== wanted) await claim(this.client);
    remember(this.scenario, this.client);
    const kept = this.load(this.client);
    // without its record a client's numbers would start again, and be taken for old ones
    this.next = Math.max(this.next, kept?.next || 1);
    this.entries = [...(kept?.entries || []), ...this.entries.map((one) => this.numbered(one))];
    this.save();
    await this.adopt();
    this.beat = setInterval(() => this.tick(), 1_000);
    this.wake = () => this.now();
    window.addEventListener("online", this.wake);
    document.addEventListener("visibilitychange", this.wake);
    if (this.waiting()) this.push();
  }

  mine() {
    const held = recall(this.scenario);
    return held && this.load(held) ? held : fresh();
  }

  numbered(entry) {
    const n = this.next;
    this.next += 1;
    return { ...entry, n };
  }

  /** Keep an event (or `{kind: "drawn", polygon}`), then send it. */
  add(event) {
    const entry = { at: Date.now(), event, seq: this.seq };
    this.entries.push(this.client ? this.numbered(entry) : entry);
    if (!this.client) return; // `open` numbers and sends it
    this.save();
    this.push();
  }

  /** Take the server's word: all up to `ack` of `client` are done with. Gives what became of them. */
  heard(client, ack, refused) {
    const orphan = this.orphans.find((one) => one.client === client);
    const held = orphan ? orphan.entries : client === this.client ? this.entries : [];
    const dropped = (refused || []).filter(({ n }) => held.some((one) => one.n === n));
    const gone = new Set(dropped.map(({ n }) => n));
    const left = held.filter((one) => one.n > ack && !gone.has(one.n));
    const taken = held.filter((one) => one.n <= ack && !gone.has(one.n));
    if (left.length === held.length) return { taken, refused: dropped };
    this.wait = 0;
    if (orphan) {
      orphan.entries = left;
      if (left.length) this.keep(client, orphan.next, left);
      else {
        this.orphans = this.orphans.filter((one) => one !== orphan);
        this.store.removeItem(this.name(client));
      }
    } else {
      this.entries = left;
      this.save();
    }
    if (orphan && this.waiting()) this.push();
    return { taken, refused: dropped };
  }

  /** List all events that are not taken, in the order in which they happened. */
  pending() {
    return [...this.orphans.flatMap((one) => one.entries), ...this.entries];
  }

  waiting() {
    return this.orphans.length + this.entries.length > 0;
  }

  /** Say how many seconds the oldest has waited. */
  age() {
    const oldest = Math.min(...this.pending().map((one) => one.at));
    return Number.isFinite(oldest) ? (Date.now() - oldest) / 1000 : 0;
  }

  push() {
    if (!this.client) return;
    const orphan = this.orphans[0];
    this.sentAt = Date.now();
    const { client, entries } = orphan || this;
    const known = entries.map(({ seq }) => seq).filter(Number.isSafeInteger);
    this.send(client, entries, known.length ? Math.min(...known) : null);
  }

  now() {
    if (this.waiting() && document.visibilityState === "visible") {
      this.wait = 0;
      this.push();
    }
  }

  tick() {
    if (Date.now() - (this.beatAt || 0) > BEAT_MS) {
      this.save();
      this.adopt();
    }
    if (!this.waiting()) return;
    // a server at work on the stroke must not be asked again at once: it would start anew
    const patience = 4_000 * 2 ** Math.min(this.wait, 3);
    if (Date.now() - this.sentAt < patience) return;
    this.wait += 1;
    this.push();
  }

  close() {
    clearInterval(this.beat);
    window.removeEventListener("online", this.wake);
    document.removeEventListener("visibilitychange", this.wake);
  }

  name(client) {
    return `${ROOT}:${this.scenario}:${client}`;
  }

  load(client) {
    try {
      const kept = JSON.parse(this.store.getItem(this.name(client)));
      return kept && Array.isArray(kept.entries) && Number.isSafeInteger(kept.next) ? kept : null;
    } catch {
      return null;
    }
  }

  save() {
    if (!this.client) return;
    this.beatAt = Date.now();
    this.keep(this.client, this.next, this.entries);
  }

  keep(client, next, entries) {
    try {
      this.store.setItem(this.name(client), JSON.stringify({ next, entries, beat: Date.now() }));
      this.full = false;
    } catch {
      this.full = true; // said in the note: the tab must stay open
    }
  }

  async adopt() {
    const alive = await holders();
    const start = `${ROOT}:${this.scenario}:`;
    for (const name of keysOf(this.store)) {
      if (!name.startsWith(start)) continue;
      const client = name.slice(start.length);
      if (client === this.client || this.orphans.some((one) => one.client === client)) continue;
      const kept = this.load(client);
      const silent = Date.now() - (kept?.beat || 0);
      const dead = alive ? !alive.has(client) && silent > 2 * BEAT_MS : silent > DEAD_MS;
      if (!dead) continue;
      if (kept?.entries.length) this.orphans.push({ client, ...kept });
      else if (silent > 24 * 3_600_000) this.store.removeItem(name);
    }
    if (this.orphans.length && this.onAdopt) this.onAdopt();
  }
}

function fresh() {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function recall(scenario) {
  try {
    return sessionStorage.getItem(`${ROOT}:client:${scenario}`);
  } catch {
    return null;
  }
}

function remember(scenario, client) {
  try {
    sessionStorage.setItem(`${ROOT}:client:${scenario}`, client);
  } catch {
    // a tab that cannot remember is a new client when it is loaded again
  }
}

function storage() {
  try {
    localStorage.setItem(`${ROOT}:probe`, "1");
    localStorage.removeItem(`${ROOT}:probe`);
    return localStorage;
  } catch {
    return new Memory();
  }
}

/** Stands in where a browser keeps nothing: the tab must stay open. */
class Memory {
  constructor() {
    this.held = new Map();
  }

  getItem(name) {
    return this.held.get(name) ?? null;
  }

  setItem(name, value) {
    this.held.set(name, value);
  }

  removeItem(name) {
    this.held.delete(name);
  }
}

function keysOf(store) {
  return store instanceof Memory ? [...store.held.keys()] : Object.keys(store);
}

// of the page, not of this module: the app may be renewed below an open page
const claimed = (globalThis[Symbol.for("zonewright.clients")] ??= new Set());

/** Hold a client's name for as long as this page lives: a tab that was duplicated has the same. */
async function claim(client) {
  if (claimed.has(client)) return true;
  if (!navigator.locks) {
    claimed.add(client);
    return true;
  }
  return new Promise((settle) => {
    navigator.locks
      .request(`${ROOT}:${client}`, { ifAvailable: true }, (lock) => {
        if (!lock) return settle(false);
        claimed.add(client);
        settle(true);
        return new Promise(() => {}); // never given back
      })
      .catch(() => settle(true));
  });
}

/** List the clients that live in some tab; null where the browser cannot tell. */
async function holders() {
  if (!navigator.locks) return null;
  const { held } = await navigator.locks.query();
  return new Set(held.map(({ name }) => name.slice(ROOT.length + 1)));
}
