// How far each zone is from level: from the rate of all zones together, as the tables have it.
//
// Worked out from the totals on screen and from nothing else, so it tells no more than they do.

import { HIDDEN, figure } from "./totals.js";
import { number } from "./words.js";

export const LEVEL_FILL = "level:"; // with the key of a rate behind: what the map shows
const SLACK = 1e-9; // a zone at the very end of the tolerance is inside
const STEPS = [1, 2, 4]; // classes of the map end at these many tolerances
// blue and orange part for all kinds of colour vision; both sides darken alike
const BELOW = ["#b5d5ea", "#4a90c4", "#08519c"];
const LEVEL = "#f7f5ef";
const ABOVE = ["#fdd0a2", "#f28a30", "#a84300"];
export const UNKNOWN = "#d5d8da";

/**
 * Say how far each zone is from level in one rate.
 *
 * `staff` is the available staff of each zone, as `figure` takes it. Level is the figure of all;
 * where some zones have no staff, it is the load of those that have (`staffed`). `away` is a share:
 * 0.16 is 16 % above; NaN where it is not known, and `why` says why.
 */
export function levelsOf(totals, whole, wanted, staff, tolerance) {
  const all = allOf(totals, whole, wanted, staff);
  const level = all.value > 0 ? all.value : NaN;
  const zones = staff.map((fte, zone) => {
    const found = figure(totals, zone, wanted, fte);
    const away = found.value / level - 1;
    return {
      ...found,
      away,
      about: found.about || all.about,
      missing: found.missing || all.missing,
      outside: Math.abs(away) > tolerance + SLACK ? Math.sign(away) : 0,
      why: Number.isFinite(away) ? "" : found.why || "not known",
    };
  });
  const { staffed, about, missing } = all;
  return { wanted, tolerance, level, staffed, about, missing, zones };
}

function allOf(totals, whole, wanted, staff) {
  if (wanted.denominator !== "fte") return figure(whole, 0, wanted);
  if (staff.includes(HIDDEN)) return figure(whole, 0, wanted, HIDDEN);
  if (staff.every((fte) => fte > 0)) {
    return figure(whole, 0, wanted, staff.reduce((sum, fte) => sum + fte, 0));
  }
  const loads = staff
    .map((fte, zone) => ({ fte, ...figure(totals, zone, wanted, fte) }))
    .filter(({ value }) => Number.isFinite(value));
  const sum = (of) => loads.reduce((all, load) => all + of(load), 0);
  return {
    value: sum(({ value, fte }) => value * fte) / sum(({ fte }) => fte),
    about: loads.some(({ about }) => about),
    missing: sum(({ missing }) => missing),
    staffed: true,
  };
}

/** Write a share as a signed per cent: `+16 %`; one decimal where else it would look inside. */
export function signed({ away, outside, about, missing }, tolerance) {
  if (!Number.isFinite(away)) return "";
  const text = percent(Math.abs(away), outside ? tolerance : Infinity);
  const sign = Number(text) === 0 ? "" : away > 0 ? "+" : "\u2212";
  return `${about ? "\u2248\u202f" : ""}${sign}${text}\u202f%${missing ? "*" : ""}`;
}

/** Write it with a mark before it where it lies outside the tolerance. */
export function marked(one, tolerance) {
  const mark = { 1: "\u25b2\u202f", [-1]: "\u25bc\u202f" }[one.outside] || "";
  return mark + signed(one, tolerance);
}

/** Say it in words, for those who hear it. */
export function spoken(one, tolerance) {
  if (!Number.isFinite(one.away)) return one.why;
  const text = percent(Math.abs(one.away), one.outside ? tolerance : Infinity);
  const about = one.about ? "about " : "";
  if (Number(text) === 0) return `${about}at level`;
  const where = one.outside ? "outside" : "within";
  return `${about}${text} % ${one.away > 0 ? "above" : "below"} level, ${where} ${asPercent(tolerance)} %`;
}

/** Give where a bar begins and how wide it is, in per cent of its track: the tolerance is a third. */
export function barOf({ away }, tolerance) {
  if (!Number.isFinite(away)) return null;
  const end = 50 + 50 * Math.max(-1, Math.min(1, away / (3 * tolerance)));
  return [Math.min(50, end), Math.abs(end - 50)];
}

/** List the classes of the map, the lowest first; a rate cannot lie more than 100 % below. */
export function classesOf(tolerance) {
  const ends = STEPS.map((step) => step * tolerance);
  const side = (where, colours) => ends.map((from, i) => {
    const to = ends[i + 1];
    const span = to === undefined ? `over ${asPercent(from)}` : `${asPercent(from)} to ${asPercent(to)}`;
    return { from, to, colour: colours[i], text: `${span}\u202f% ${where}` };
  });
  return [
    ...side("below", BELOW).filter(({ from }) => from < 1).reverse(),
    { from: 0, to: tolerance, colour: LEVEL, text: `level, within ${asPercent(tolerance)}\u202f%` },
    ...side("above", ABOVE),
  ];
}

/** Give the place of a share among the classes; -1 where it is not known. */
export function classAt(classes, { away }) {
  if (!Number.isFinite(away)) return -1;
  const level = classes.findIndex(({ from }) => from === 0);
  const steps = classes.slice(level + 1).filter(({ from }) => Math.abs(away) > from + SLACK).length;
  return Math.max(0, away < 0 ? level - steps : level + steps);
}

/** Write a share as per cent; whole unless that is no more than the tolerance it lies outside of. */
function percent(share, tolerance) {
  const whole = Math.round(100 * share);
  return whole > 100 * tolerance + SLACK || tolerance === Infinity ? number(whole) : number(100 * share, 1);
}

/** Write a share that is set, such as a tolerance, with as many decimals as it has. */
export function asPercent(share) {
  return number(100 * share, Number.isInteger(Math.round(1e6 * share) / 1e4) ? 0 : 1);
}
