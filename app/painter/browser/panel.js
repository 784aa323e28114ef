// The panel: zones with their totals, what is to be mended, what is chosen, layers, the table.

import { LINES, POINT_COLOURS, patternOf } from "./draw.js";
import { LEVEL_FILL, asPercent, barOf, classesOf, marked, spoken } from "./level.js";
import { Table } from "./table.js";
import { HIDDEN, figure, written } from "./totals.js";
import { change, counted, el, icon, iconButton, inkOn, number } from "./words.js";

const LOCK = ["M5 9h10v8H5Z", "M7 9V6a3 3 0 0 1 6 0v3"];
const UNLOCK = ["M5 9h10v8H5Z", "M7 9V6a3 3 0 0 1 5.8-1"];
const PEN = ["M4 16h3L16 7l-3-3L4 13Z", "M11 6l3 3"];
const MOST_LISTED = 50;
const SMALL = [
  ["level", "From level"],
  ["change", "Change"],
];
const TABS = [
  ["mend", "To mend"],
  ["chosen", "Chosen"],
  ["layers", "Layers"],
  ["units", "Table"],
];

export class Panel {
  constructor(paint) {
    this.paint = paint;
    this.table = new Table(paint);
    this.head = el("thead");
    this.body = el("tbody");
    this.last = el("tfoot");
    this.note = el("p", { className: "remark" });
    this.small = new Map(SMALL.map(([key, words]) => [key, el("button", {
      type: "button", textContent: words, className: "small", aria: { pressed: "false" },
      on: { click: () => this.setSmall(key) },
    })]));
    const zones = el(
      "div",
      { className: "zones" },
      el(
        "table",
        { aria: { label: "Zones and their totals" } },
        this.head, this.body, this.last,
      ),
    );
    const below = el(
      "div",
      { className: "below" },
      el(
        "div",
        { className: "switch", role: "group", aria: { label: "Small figures" } },
        el("span", { aria: { hidden: "true" } }, "Small figures"), ...this.small.values(),
      ),
      this.note,
    );
    this.tabs = new Map();
    this.pages = new Map();
    for (const [key, words] of TABS) {
      this.tabs.set(key, el("button", {
        type: "button", id: `tab-${key}`, role: "tab", textContent: words,
        aria: { controls: `page-${key}`, selected: "false" },
        on: { click: () => this.open(key), keydown: (event) => this.step(event, key) },
      }));
      this.pages.set(key, el("div", {
        id: `page-${key}`, className: `page page-${key}`, role: "tabpanel", hidden: true, tabIndex: -1,
        aria: { labelledby: `tab-${key}` },
      }));
    }
    this.element = el(
      "div",
      { className: "panel" },
      zones,
      below,
      el("div", { className: "tabs", role: "tablist", aria: { label: "More" } }, ...this.tabs.values()),
      ...this.pages.values(),
    );
    this.pages.get("units").append(this.table.element);
    this.markSmall();
    this.showColumns();
    this.showLayers();
    this.open(paint.choices.tab);
  }

  open(key) {
    this.paint.choices.tab = key;
    this.element.dataset.tab = key; // the style sheet gives a long page more room
    for (const [one, tab] of this.tabs) {
      tab.setAttribute("aria-selected", String(one === key));
      tab.tabIndex = one === key ? 0 : -1;
      this.pages.get(one).hidden = one !== key;
    }
    if (this.paint.plan?.base) {
      this.showTable();
      this.showChosen();
    }
  }

  step(event, key) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const keys = [...this.tabs.keys()];
    const next = keys[(keys.indexOf(key) + by + keys.length) % keys.length];
    this.open(next);
    this.tabs.get(next).focus();
  }

  // Zones

  /** Choose what the small figures tell. */
  setSmall(key) {
    this.paint.choices.small = key;
    this.markSmall();
    this.showTotals();
  }

  markSmall() {
    const { small } = this.paint.choices;
    for (const [key, button] of this.small) button.setAttribute("aria-pressed", String(key === small));
  }

  showColumns() {
    const { figures, choices } = this.paint;
    this.rename = iconButton("Rename", PEN, {
      className: "small", on: { click: () => this.paint.askName(this.paint.zone) },
    });
    const choice = (at) => {
      const shown = el("span", { aria: { hidden: "true" } });
      const tell = () => {
        const wanted = figures.find(({ key }) => key === choices.columns[at]);
        shown.replaceChildren((wanted?.title || "").replace(/(\d)-(\d)/g, "$1\u2011$2"), el("small", {}, shortUnit(wanted)));
        select.title = wanted ? `${wanted.title}: ${wanted.unit}` : "";
      };
      const select = el(
        "select",
        {
          aria: { label: `Figure in column ${at + 1}` },
          on: {
            change: (event) => {
              choices.columns[at] = event.target.value;
              tell();
              this.showTotals();
            },
          },
        },
        ...figures.map(({ key, title, unit }) => el("option", { value: key, title: unit }, title)),
      );
      select.value = choices.columns[at];
      tell();
      // a title of two lines, with the choice unseen on top of it
      return el("th", { scope: "col" }, el("div", { className: "pick" }, shown, select));
    };
    this.head.replaceChildren(
      el(
        "tr",
        {},
        el("th", { scope: "col" }, "Zone ", button("+ New", "Add a zone", () => this.paint.askNewZone(), "small"), this.rename),
        ...choices.columns.map((_, at) => choice(at)),
      ),
    );
  }

  /** Make the rows anew; their numbers follow. */
  showZones() {
    const { plan, choices } = this.paint;
    const held = this.paint.root.activeElement?.dataset?.zone;
    this.rows = new Map();
    const rows = plan.zones.map(({ name, colour }, zone) => this.zoneRow(zone, name, colour));
    rows.push(this.zoneRow(-1, "No zone", ""));
    this.body.replaceChildren(...rows);
    this.showActive();
    const cells = choices.columns.map(() => el("td"));
    this.all = cells;
    const spread = choices.columns.map(() => el("td"));
    this.spread = spread;
    this.last.replaceChildren(
      el("tr", {}, el("th", { scope: "row" }, "All"), ...cells),
      el("tr", { className: "spread" }, el("th", { scope: "row" }, "Highest \u00f7 lowest"), ...spread),
    );
    if (held !== undefined) this.body.querySelector(`button[data-zone="${Number(held)}"]`)?.focus();
    this.showTotals();
  }

  /** Mark the zone that is painted into; the rows stay, so that a double click meets one of them. */
  showActive() {
    const { plan, zone: active } = this.paint;
    const words = active < 0 ? "Choose a zone to rename it" : `Rename ${plan.nameOf(active)}`;
    this.rename.disabled = active < 0;
    this.rename.title = words;
    this.rename.setAttribute("aria-label", words);
    for (const [zone, { row }] of this.rows || []) {
      const on = zone === active;
      row.classList.toggle("active", on);
      row.querySelector(".zone").setAttribute("aria-pressed", String(on));
    }
  }

  zoneRow(zone, name, colour) {
    const { paint } = this;
    const key = zone < 0 ? "0" : zone < 9 ? String(zone + 1) : "";
    const locked = paint.plan.zoneLocked(zone);
    const pattern = zone < 0 ? -1 : patternOf(paint.plan.rounds()[zone]);
    const pick = el(
      "button",
      {
        type: "button", className: "zone", title: `${name}${key ? ` (key ${key})` : ""}`,
        data: { zone },
        aria: { pressed: String(paint.zone === zone) },
        on: {
          click: () => paint.setZone(zone),
          dblclick: () => zone >= 0 && paint.askName(zone),
        },
      },
      el("span", { className: `swatch${zone < 0 ? " none" : pattern < 0 ? "" : ` again a${pattern}`}`, style: { "background-color": colour || "transparent", color: inkOn(colour) } }, key),
      el("span", { className: "name" }, name),
    );
    const lock = zone < 0 ? null : iconButton(
      `${locked ? "Unlock" : "Lock"} ${name}`,
      locked ? LOCK : UNLOCK,
      { className: `lock${locked ? " on" : ""}`, aria: { pressed: String(locked) }, on: { click: () => paint.toggleZoneLock(zone) } },
    );
    const cells = paint.choices.columns.map(() =>
      el(
        "td",
        {},
        el("span", { className: "value" }),
        el("span", { className: "delta" }),
        el("span", { className: "track", hidden: true, aria: { hidden: "true" } }, el("i")),
        el("span", { className: "unseen" }),
      ),
    );
    const row = el(
      "tr",
      { className: paint.zone === zone ? "active" : "" },
      el("th", { scope: "row" }, el("div", { className: "who" }, pick, lock)),
      ...cells,
    );
    this.rows.set(zone, { row, cells });
    return row;
  }

  /** Bring the numbers up to date: called while a stroke is under way. */
  showTotals() {
    const { paint } = this;
    const { plan, totals, choices } = paint;
    if (!totals) return;
    const made = JSON.stringify([plan.zones, [...plan.lockedZones]]);
    if (made !== this.made) {
      this.made = made;
      if (this.paint.chosen.size) this.showChosen();
      this.showZones();
      return;
    }
    const marks = new Set();
    choices.columns.forEach((key, column) => {
      const wanted = paint.figures.find((one) => one.key === key);
      if (!wanted) return;
      const known = [];
      for (const [zone, { cells }] of this.rows) {
        const at = zone < 0 ? plan.zones.length : zone;
        const found = figure(totals, at, wanted, paint.fteOf(zone));
        if (zone >= 0 && Number.isFinite(found.value)) known.push(found.value);
        if (found.about) marks.add("about");
        if (found.missing && Number.isFinite(found.value)) marks.add("missing");
        const levels = choices.small === "level" && paint.levels.get(key);
        showAway(cells[column], levels?.zones?.[zone], levels?.tolerance);
        const was = this.before(zone, wanted);
        const nothing = zone < 0 && (wanted.denominator === "fte" || !totals.units[at]);
        const text = nothing ? "" : written(found, wanted.decimals);
        put(cells[column].firstChild, text, Number.isFinite(found.value) ? "value" : "value none");
        if (levels) continue;
        const by = was === null ? "" : change(found.value - was, wanted.decimals);
        put(cells[column].children[1], was === null && zone >= 0 ? (column ? "" : "new") : by, "delta");
      }
      const whole = figure(paint.whole, 0, wanted, this.allStaff());
      const some = wanted.denominator === "fte" && !Number.isFinite(whole.value);
      put(
        this.all[column],
        some && whole.why !== HIDDEN ? "some without staff" : written(whole, wanted.decimals),
        Number.isFinite(whole.value) ? "" : "none",
      );
      const ratio = Math.max(...known) / Math.min(...known);
      put(this.spread[column], wanted.of === "rate" && known.length > 1 && Number.isFinite(ratio) ? number(ratio, 2) : "");
    });
    const words = [
      ...this.meaning(),
      marks.has("about") ? "\u2248 about: part of it is estimated." : "",
      marks.has("missing") ? "* some areas are not known and not counted." : "",
    ];
    put(this.note, words.filter(Boolean).join(" "), "remark");
    this.showLevels();
    this.showMend();
  }

  /** Say what the small figures mean. */
  meaning() {
    const { levels, choices } = this.paint;
    const shown = choices.columns.map((key) => levels.get(key)).filter(Boolean);
    if (choices.small !== "level" || !shown.length) return ["Change against the start."];
    const within = `${asPercent(shown[0].tolerance)}\u202f%`;
    const others = shown.length < choices.columns.length;
    return [
      `Rates: from the rate of all; \u25b2 \u25bc more than ${within} away.${others ? " Counts: change against the start." : ""}`,
      ...shown.filter(({ staffed, level }) => staffed && level).map((one) =>
        `${one.wanted.title}: level is ${number(one.level, one.wanted.decimals)}, of zones with staff.`),
    ];
  }

  before(zone, wanted) {
    const { plan, startTotals } = this.paint;
    if (zone < 0) return figure(startTotals, plan.startZones.length, wanted, undefined).value;
    const name = plan.nameOf(zone);
    const at = plan.startZones.indexOf(name);
    return at < 0 ? null : figure(startTotals, at, wanted, this.paint.fteOf(zone)).value;
  }

  /** Add up the staff of all zones; null when one has none recorded, `HIDDEN` when it is hidden. */
  allStaff() {
    const all = this.paint.plan.zones.map((_, zone) => this.paint.fteOf(zone));
    if (all.includes(HIDDEN)) return HIDDEN;
    return all.some((one) => !Number.isFinite(one)) ? null : all.reduce((a, b) => a + b, 0);
  }

  // To mend

  showMend() {
    const { paint } = this;
    const { strays, none, scene, plan, totals } = paint;
    const empty = [...plan.zones.keys()].filter((zone) => !totals.units[zone]);
    const count = strays.length + none.length + empty.length;
    put(this.tabs.get("mend"), count ? `To mend (${number(count)})` : "To mend");
    this.tabs.get("mend").classList.toggle("some", count > 0);
    const found = `${empty}|${strays.map(({ zone, units }) => `${zone}:${units}`)}|${none}|${plan.zones.map(({ name }) => name)}`;
    if (found === this.mended) return;
    this.mended = found;
    const items = strays.slice(0, MOST_LISTED).map((piece) => {
      const name = plan.nameOf(piece.zone);
      const what = piece.units.length === 1 ? scene.names[piece.units[0]] : counted(piece.units.length, scene.unitWord);
      return el(
        "li",
        {},
        el("span", {}, el("strong", {}, what), ` of ${name} ${piece.units.length === 1 ? "lies" : "lie"} apart`),
        button("Zoom", `Zoom to ${what} of ${name}`, () => paint.zoomTo(piece.units)),
        button("Give to neighbour", `Give ${what} of ${name} to the neighbour with the longest border`, () => paint.giveAway(piece)),
      );
    });
    if (none.length) {
      const what = counted(none.length, scene.unitWord);
      items.unshift(el(
        "li",
        {},
        el("span", {}, el("strong", {}, what), ` in no ${scene.zoneWord}`),
        button("Next", "Go to the next in no zone", () => {
          this.at = ((this.at ?? -1) + 1) % paint.none.length;
          paint.goTo(paint.none[this.at]);
        }),
        button("Choose all", `Choose all ${what} in no zone`, () => {
          paint.choose(paint.none, true);
          this.open("chosen");
        }),
      ));
    }
    items.push(...empty.map((zone) => el(
      "li",
      {},
      el("span", {}, el("strong", {}, plan.nameOf(zone)), ` has no ${scene.unitWord}`),
      button("Paint into it", `Paint into ${plan.nameOf(zone)}`, () => paint.setZone(zone)),
    )));
    const more = strays.length - MOST_LISTED;
    if (more > 0) items.push(el("li", {}, `${number(more)} more`));
    const page = this.pages.get("mend");
    const held = page.contains(paint.root.activeElement);
    page.replaceChildren(
      items.length
        ? el("ul", {}, ...items)
        : el("p", { className: "remark" }, `Every zone is in one piece and every ${scene.unitWord} in one.`),
    );
    if (held) paint.stage.focus({ preventScroll: true });
  }

  // Chosen

  showChosen() {
    const { paint } = this;
    const { chosen, scene, plan, figures } = paint;
    put(this.tabs.get("chosen"), chosen.size ? `Chosen (${number(chosen.size)})` : "Chosen");
    this.table.showChoice();
    const page = this.pages.get("chosen");
    if (!chosen.size) {
      page.replaceChildren(el("p", { className: "remark" }, "Nothing is chosen. Use the Choose tool (S), or the table."));
      return;
    }
    const sums = scene.live.slice(0, 6).map(({ title, values, estimated, decimals }) => {
      const units = [...chosen];
      const known = units.filter((unit) => Number.isFinite(values[unit]));
      const sum = known.reduce((all, unit) => all + values[unit], 0);
      const about = units.some((unit) => estimated[unit]) ? "\u2248\u202f" : "";
      const alone = units.length === 1 && estimated[units[0]];
      const text = alone ? HIDDEN : known.length ? about + number(sum, decimals) + (known.length < units.length ? "*" : "") : "not known";
      return el("tr", {}, el("th", { scope: "row" }, title), el("td", {}, text));
    });
    const where = zoneChoice(plan, paint.zone);
    page.replaceChildren(
      el("p", {}, el("strong", {}, counted(chosen.size, scene.unitWord)), " chosen"),
      el("table", { className: "sums" }, el("tbody", {}, ...(figures.length ? sums : []))),
      el(
        "div",
        { className: "row" },
        el("label", {}, "Move to ", where),
        button("Move", "Move what is chosen", () => paint.moveChosen(Number(where.value)), "main"),
        button("Clear", "Choose nothing", () => {
          chosen.clear();
          paint.choiceChanged();
        }),
      ),
    );
  }

  // Layers

  showLayers() {
    const { paint } = this;
    const { scene, choices } = paint;
    const fill = el(
      "select",
      {
        on: {
          change: (event) => paint.setFill(event.target.value),
        },
      },
      el("option", { value: "" }, "Zones"),
      group("How far each zone is from level", paint.rates().map(({ key, title }) => [LEVEL_FILL + key, `${title}, from level`])),
      group(`Each ${scene.unitWord}`, scene.areas.map(({ key, title }) => [key, title])),
    );
    fill.value = choices.fill;
    const tick = (words, on, toggle, extra) => el(
      "label",
      { className: "check" },
      el("input", {
        type: "checkbox", checked: on,
        on: {
          change: (event) => {
            toggle(event.target.checked);
            paint.drawing.again("marks");
          },
        },
      }),
      extra || null,
      words,
    );
    const inSet = (set, key) => (on) => set[on ? "add" : "delete"](key);
    this.levelRows = el("tbody");
    this.levelHead = el("thead");
    this.levelPage = el(
      "details",
      { className: "levels", hidden: true, on: { toggle: () => this.showLevels() } },
      el("summary", {}, "This map as a table"),
      el("table", { aria: { label: "How far each zone is from level" } }, this.levelHead, this.levelRows),
    );
    this.pages.get("layers").replaceChildren(
      el("label", { className: "row" }, "Colour by ", fill),
      this.levelPage,
      tick("Names of zones", choices.names, (on) => { choices.names = on; }),
      tick("Names of towns", choices.towns, (on) => { choices.towns = on; }),
      tick("Lines at the start", choices.start, (on) => { choices.start = on; }),
      ...scene.points.map(({ key, title, glyph }, i) =>
        tick(title, choices.points.has(key), inSet(choices.points, key), el("span", {
          className: `glyph ${glyph}`, style: { background: POINT_COLOURS[i % POINT_COLOURS.length] },
        })),
      ),
      ...scene.groupings.map(({ key, title }, i) =>
        tick(title, choices.groupings.has(key), inSet(choices.groupings, key), line(LINES[i % LINES.length])),
      ),
      ...[scene.standing, scene.source, ...scene.notes]
        .filter(Boolean)
        .map((note) => el("p", { className: "remark" }, note)),
    );
    this.showLegend();
  }

  showLegend() {
    const { scene, choices, legend } = this.paint;
    const area = scene.areas.find(({ key }) => key === choices.fill);
    this.legendMade = null;
    legend.hidden = true;
    this.showLevels();
    if (!area) return;
    legend.hidden = false;
    this.paint.foldLegend();
    legend.replaceChildren(
      el("summary", {}, area.title),
      el("div", { className: "code" }, area.unit),
      ...area.legend.map(({ colour, text }) =>
        el("div", { className: "in" }, el("span", { className: "swatch", style: { background: colour } }), text),
      ),
      ...(area.note ? [el("div", { className: "code" }, area.note)] : []),
    );
  }

  /** Bring legend and table up to date where the map shows how far zones are from level. */
  showLevels() {
    const { paint } = this;
    const level = paint.levelShown();
    this.levelPage.hidden = !level;
    if (!level) return;
    const { wanted, tolerance, zones } = level;
    const classes = classesOf(tolerance);
    const whys = [...new Set(zones.map(({ why }) => why).filter(Boolean))];
    const about = zones.some((one) => one.about && !one.why);
    const made = JSON.stringify([wanted.key, tolerance, whys, about]);
    if (made !== this.legendMade) {
      this.legendMade = made;
      this.makeLevelLegend(level, classes, whys, about);
    }
    put(this.levelIs, levelWords(level));
    const found = paint.shades.map(({ at }, zone) => (at < 0 ? zones[zone].why : at));
    for (const [key, cell] of this.levelCounts) {
      const count = found.filter((one) => one === key).length;
      put(cell, count ? counted(count, "zone") : "");
    }
    if (this.levelPage.open) this.showLevelRows(level);
  }

  makeLevelLegend({ wanted }, classes, whys, about) {
    const { legend } = this.paint;
    this.levelIs = el("div", { className: "code" });
    this.levelCounts = new Map();
    const row = (key, swatch, text) => {
      const count = el("span", { className: "count" });
      this.levelCounts.set(key, count);
      return el("div", { className: "in" }, swatch, text, count);
    };
    const rows = classes.map(({ colour, text }, at) =>
      row(at, el("span", { className: "swatch", style: { background: colour } }), text));
    legend.replaceChildren(
      el("summary", {}, `${wanted.title}, % from level`),
      this.levelIs,
      ...rows.reverse(),
      ...whys.map((why) => row(why, el("span", { className: "swatch none unknown" }), why)),
      ...(about ? [el("div", { className: "code" }, "\u2248 about: partly estimated")] : []),
    );
    legend.hidden = false;
    this.paint.foldLegend();
    this.paint.drawing?.again("marks"); // no name is written below it
  }

  showLevelRows({ wanted, tolerance, zones }) {
    const { plan } = this.paint;
    const rows = zones.map((one, zone) => [
      plan.nameOf(zone), written(one, wanted.decimals), one.why ? "" : marked(one, tolerance),
    ]);
    const made = JSON.stringify([wanted.key, rows]);
    if (made === this.levelsMade) return;
    this.levelsMade = made;
    this.levelHead.replaceChildren(el(
      "tr",
      {},
      ...["Zone", `${wanted.title}, ${wanted.unit}`, "From level"].map((text) => el("th", { scope: "col" }, text)),
    ));
    this.levelRows.replaceChildren(...rows.map(([name, value, away], zone) => el(
      "tr",
      {},
      el("th", { scope: "row" }, name),
      el("td", {}, value),
      el(
        "td",
        {},
        el("span", { aria: { hidden: "true" } }, away),
        el("span", { className: "unseen" }, spoken(zones[zone], tolerance)),
      ),
    )));
  }

  showTable() {
    if (this.paint.choices.tab === "units") this.table.show();
  }
}

function group(label, options) {
  const made = el("optgroup", { label }, ...options.map(([value, text]) => el("option", { value }, text)));
  return options.length ? made : null;
}

/** Say what level is, in its own unit. */
function levelWords({ wanted, level, staffed, about, missing }) {
  if (!Number.isFinite(level)) return "Level: not known";
  const value = written({ value: level, about, missing }, wanted.decimals);
  return `Level: ${value} ${wanted.unit}${staffed ? ", of zones with staff" : ""}`;
}

/** Show under a figure how far it is from level: a signed figure, a bar, and words to be read out. */
function showAway({ children: [, delta, track, said] }, one, tolerance) {
  const bar = one ? barOf(one, tolerance) : null;
  track.hidden = !bar;
  put(said, bar ? spoken(one, tolerance) : "");
  delta.ariaHidden = bar ? "true" : null; // the words say it better
  if (!bar) return put(delta, "", "delta");
  put(delta, marked(one, tolerance), one.outside ? "delta out" : "delta");
  const [left, width] = bar.map((share) => `${share.toFixed(1)}%`);
  const { style } = track.firstChild;
  if (style.left !== left) style.left = left;
  if (style.width !== width) style.width = width;
  const side = one.away < 0 ? "below" : "above";
  if (track.firstChild.className !== side) track.firstChild.className = side;
  return undefined;
}

/** Make a choice of a zone; -1 is no zone. */
export function zoneChoice(plan, chosen) {
  const made = el(
    "select",
    { className: "to" },
    ...plan.zones.map(({ name }, i) => el("option", { value: i }, name)),
    el("option", { value: -1 }, "no zone"),
  );
  made.value = String(chosen);
  return made;
}

function button(text, label, taken, kind = "") {
  return el("button", {
    type: "button", className: kind, textContent: text, title: label, aria: { label },
    on: { click: taken },
  });
}

/** Show how the lines of a layer are drawn. */
function line({ colour, dash }) {
  const made = icon("M0 10h20");
  made.classList.add("line");
  made.style.setProperty("stroke", colour);
  made.style.setProperty("stroke-dasharray", dash.join(" "));
  return made;
}

/** Give what a column's figures are of: a rate by its measure, a count by its date. */
function shortUnit(wanted) {
  if (!wanted) return "";
  if (wanted.denominator === "fte") return "per FTE";
  if (wanted.of === "rate") return /per .*/.exec(wanted.unit)?.[0] || wanted.unit;
  return wanted.unit.split(", ").at(-1);
}

function put(element, text, className) {
  if (element.textContent !== text) element.textContent = text;
  if (className !== undefined && element.className !== className) element.className = className;
}

