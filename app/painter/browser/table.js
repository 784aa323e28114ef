// The table: every unit by name, code or zone, to choose and move without a map.

import { counted, el, number } from "./words.js";

const MOST_ROWS = 200;

export class Table {
  constructor(paint) {
    this.paint = paint;
    this.search = el("input", {
      type: "search", placeholder: "Name, code or zone", aria: { label: `Search ${paint.scene.unitWord}s` },
      on: { input: () => this.show() },
    });
    this.body = el("tbody");
    this.count = el("p", { className: "remark", role: "status" });
    this.all = el("input", {
      type: "checkbox", aria: { label: "Choose all that were found" },
      on: { change: (event) => paint.choose(this.found, event.target.checked) },
    });
    this.where = el("select", { className: "to", aria: { label: "Zone to move to" } });
    this.move = el("button", {
      type: "button", className: "main", textContent: "Move", disabled: true,
      on: {
        click: () => {
          paint.moveChosen(Number(this.where.value));
          this.search.focus();
        },
      },
    });
    this.element = el(
      "div",
      { className: "units" },
      el("div", { className: "row" }, this.search),
      el("div", { className: "row" }, el("label", {}, "Move to ", this.where), this.move),
      this.count,
      el(
        "table",
        { aria: { label: `All ${paint.scene.unitWord}s` } },
        el("thead", {}, el(
          "tr",
          {},
          el("th", { scope: "col" }, this.all),
          el("th", { scope: "col" }, "Name"),
          el("th", { scope: "col" }, "Zone"),
        )),
        this.body,
      ),
    );
    this.found = [];
  }

  /** List what is searched for: every word must stand in name, code or zone. */
  show() {
    const { scene, plan } = this.paint;
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    this.found = [];
    for (let unit = 0; unit < scene.count; unit += 1) {
      const text = `${scene.names[unit]} ${scene.codes[unit]} ${plan.nameOf(plan.zone[unit])}`.toLowerCase();
      if (words.every((word) => text.includes(word))) this.found.push(unit);
    }
    const shown = this.found.slice(0, MOST_ROWS);
    const held = this.paint.root.activeElement?.dataset?.unit;
    this.boxes = new Map();
    this.body.replaceChildren(...shown.map((unit) => this.row(unit)));
    if (held !== undefined) this.boxes.get(Number(held))?.focus();
    const more = this.found.length - shown.length;
    this.count.textContent = `${counted(this.found.length, scene.unitWord)} found` +
      (more ? `; the first ${number(shown.length)} are listed` : "");
    this.showZones();
    this.showChoice();
  }

  showZones() {
    const { plan, zone } = this.paint;
    const made = plan.zones.map(({ name }) => name).join("\n");
    if (made === this.made) return;
    this.made = made;
    this.where.replaceChildren(
      ...plan.zones.map(({ name }, i) => el("option", { value: i }, name)),
      el("option", { value: -1 }, "no zone"),
    );
    this.where.value = String(zone);
  }

  row(unit) {
    const { scene, plan, chosen } = this.paint;
    const box = el("input", {
      type: "checkbox", checked: chosen.has(unit), data: { unit },
      aria: { label: `Choose ${scene.names[unit]}` },
      on: { change: (event) => this.paint.choose([unit], event.target.checked) },
    });
    this.boxes.set(unit, box);
    const locked = plan.isLocked(unit) ? " (locked)" : "";
    const find = el("button", {
      type: "button", className: "link", textContent: scene.names[unit],
      title: `Show ${scene.names[unit]} on the map`,
      on: { click: () => this.paint.goTo(unit) },
    });
    return el(
      "tr",
      {},
      el("td", {}, box),
      el("th", { scope: "row" }, find, el("div", { className: "code" }, scene.codes[unit])),
      el("td", {}, plan.nameOf(plan.zone[unit]) + locked),
    );
  }

  showChoice() {
    const { chosen } = this.paint;
    if (!this.boxes) return;
    for (const [unit, box] of this.boxes) box.checked = chosen.has(unit);
    const among = this.found.filter((unit) => chosen.has(unit)).length;
    this.all.checked = among > 0 && among === this.found.length;
    this.all.indeterminate = among > 0 && among < this.found.length;
    this.move.disabled = chosen.size === 0;
    this.move.textContent = chosen.size ? `Move ${number(chosen.size)}` : "Move";
  }
}
