// The card: what lies under the pointer, or where the keyboard is.

import { signed } from "./level.js";
import { HIDDEN, written } from "./totals.js";
import { el, icon, number } from "./words.js";

const REACH_PX = 4;

export class Card {
  constructor(paint) {
    this.paint = paint;
    this.element = el("div", { className: "card", hidden: true });
    this.shown = "";
  }

  hide() {
    this.element.hidden = true;
    this.shown = "";
  }

  /** Make room for a question: nothing half covered stays behind it. */
  giveWay() {
    const { bar } = this.paint;
    if (this.element.hidden || bar.element.hidden) return;
    if (bar.decides || overlap(this.element, bar.element)) this.hide();
  }

  /** Show what is at a point of the stage: a unit (or -1), and a school or site close to it. */
  show(unit, point) {
    const mark = this.markAt(point);
    if (unit < 0 && !mark) return this.hide();
    const shown = `${unit} ${mark?.points.key} ${mark?.i}`;
    if (shown !== this.shown) {
      this.element.replaceChildren(...(mark ? aboutMark(mark) : []), ...(unit < 0 ? [] : this.aboutUnit(unit)));
    }
    this.shown = shown;
    return this.place(point);
  }

  /** Forget what is shown, so that it is written anew: the plan has changed. */
  stale() {
    this.shown = "";
  }

  markAt([px, py]) {
    const { scene, choices, drawing } = this.paint;
    for (const points of scene.points) {
      if (!choices.points.has(points.key)) continue;
      for (let i = 0; i < points.x.length; i += 1) {
        const [x, y] = drawing.toScreen(points.x[i], points.y[i]);
        if (Math.hypot(x - px, y - py) < points.size[i] + REACH_PX) return { points, i };
      }
    }
    return null;
  }

  aboutUnit(unit) {
    const { scene, choices } = this.paint;
    const lines = [];
    const row = (title, text) =>
      lines.push(el("tr", {}, el("th", { scope: "row" }, title), el("td", {}, text)));
    for (const { title, values, estimated, decimals } of scene.live) {
      const text = Number.isFinite(values[unit]) ? number(values[unit], decimals) : "not known";
      row(title, estimated[unit] ? HIDDEN : text); // an estimate is for sums, not for one small area
    }
    const area = scene.areas.find(({ key }) => key === choices.fill);
    if (area) row(area.title, withUnit(area.texts[unit], area.unit));
    const level = this.paint.levelShown();
    const its = level?.zones[this.paint.plan.zone[unit]];
    if (its) {
      row(`${level.wanted.title}, all of its zone`, written(its, level.wanted.decimals));
      if (!its.why) row("From level", signed(its, level.tolerance));
    }
    for (const { key, title, group, names } of scene.groupings) {
      if (choices.groupings.has(key) && group[unit] >= 0) row(title, names[group[unit]]);
    }
    return [
      el("strong", {}, scene.names[unit]),
      el("div", { className: "code" }, scene.codes[unit]),
      this.itsZone(unit),
      this.itsLock(unit),
      el("table", {}, el("tbody", {}, ...lines)),
    ].filter(Boolean);
  }

  itsZone(unit) {
    const { plan } = this.paint;
    const at = plan.zone[unit];
    const was = plan.start[unit] < 0 ? "no zone" : plan.startZones[plan.start[unit]];
    const zone = plan.nameOf(at);
    return el(
      "div",
      { className: "in" },
      el("span", { className: "swatch", style: { background: at < 0 ? "#f1f1ee" : plan.zones[at].colour } }),
      was === zone ? zone : `${zone} (at the start ${was})`,
    );
  }

  itsLock(unit) {
    const { plan } = this.paint;
    if (!plan.isLocked(unit)) return null;
    const words = plan.lockedUnits.has(unit) ? "locked" : "its zone is locked";
    return el("div", { className: "in" }, icon("M5 9h10v8H5Z", "M7 9V6a3 3 0 0 1 6 0v3"), words);
  }

  place([px, py]) {
    const { drawing, bar } = this.paint;
    this.element.hidden = false;
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const left = px + 18 + width > drawing.width ? px - 18 - width : px + 18;
    const putAt = (top) => {
      const inside = Math.max(4, Math.min(top, drawing.height - height - 4));
      this.element.style.transform = `translate(${Math.max(4, left)}px, ${inside}px)`;
    };
    putAt(py + 14);
    if (bar.element.hidden) return;
    if (overlap(this.element, bar.element)) putAt(py - 14 - height);
    this.giveWay();
  }
}

function overlap(one, other) {
  const [a, b] = [one, other].map((each) => each.getBoundingClientRect());
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/** Write a figure of a map with its unit, where it is a figure. */
function withUnit(text, unit) {
  if (!text) return "not known";
  return unit === "%" && /\d$/.test(text) ? `${text} %` : text;
}

function aboutMark({ points, i }) {
  return [
    el("strong", {}, points.names[i]),
    el("div", { className: "code" }, points.title),
    ...(points.lines?.[i] || []).map((line) => el("div", {}, line)),
  ];
}
