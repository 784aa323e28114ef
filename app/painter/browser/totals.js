// Totals of zones: counts are added, a rate is two counts until it is shown.

import { number } from "./words.js";

/** Add up every count for every zone of `zone`; the last row is of the units in no zone. */
export function totalsOf(scene, zone, zoneCount) {
  const rows = zoneCount + 1;
  const units = new Uint32Array(rows);
  const where = new Int32Array(zone.length);
  for (let unit = 0; unit < zone.length; unit += 1) {
    where[unit] = zone[unit] < 0 || zone[unit] >= zoneCount ? zoneCount : zone[unit];
    units[where[unit]] += 1;
  }
  const counts = new Map();
  for (const { key, values, estimated } of scene.live) {
    const sum = new Float64Array(rows);
    const about = new Uint32Array(rows);
    const missing = new Uint32Array(rows);
    for (let unit = 0; unit < zone.length; unit += 1) {
      const row = where[unit];
      const value = values[unit];
      if (value !== value) missing[row] += 1;
      else sum[row] += value;
      about[row] += estimated[unit];
    }
    counts.set(key, { sum, about, missing });
  }
  return { units, counts };
}

/** Add up all rows: everything in the scene. */
export function everything(totals) {
  const whole = (array) => [array.reduce((a, b) => a + b, 0)];
  const counts = new Map(
    [...totals.counts].map(([key, { sum, about, missing }]) => [
      key,
      { sum: whole(sum), about: whole(about), missing: whole(missing) },
    ]),
  );
  return { units: whole(totals.units), counts };
}

/** List what can be shown of a zone: counts, rates, and cases for each worker. */
export function figuresOf(scene) {
  return [
    ...scene.live.map((one) => ({ ...one, of: "count" })),
    ...scene.rates.map((one) => ({ ...one, of: "rate" })),
  ];
}

/** Stands for staff that may not be told, since it follows cases and would tell those. */
export const HIDDEN = "hidden";

/**
 * Give a figure of a row: value, whether it is about, how many units are not known, and where it
 * has no value, why. `fte` is the available staff: a number, null for none recorded, undefined
 * where the zone is not one of the state's, `HIDDEN` where it may not be told.
 */
export function figure(totals, row, wanted, fte) {
  if (wanted.of === "count") return count(totals, row, wanted.key);
  const upper = count(totals, row, wanted.numerator);
  if (wanted.denominator === "fte") {
    if (fte === HIDDEN) return { value: NaN, why: "hidden", about: false, missing: 0 };
    if (fte === null || fte === undefined || !(fte > 0)) {
      return { value: NaN, why: "no staff recorded", about: false, missing: 0 };
    }
    return { ...upper, value: (upper.value / fte) * (wanted.per || 1) };
  }
  const lower = count(totals, row, wanted.denominator);
  return {
    value: lower.value > 0 ? (upper.value / lower.value) * (wanted.per || 1) : NaN,
    why: lower.value > 0 ? upper.why : totals.units[row] ? "not known" : "empty",
    about: upper.about || lower.about,
    missing: Math.max(upper.missing, lower.missing),
  };
}

function count(totals, row, key) {
  const held = totals.counts.get(key);
  const units = totals.units[row];
  if (!held) return { value: NaN, why: "not known", about: false, missing: 0 };
  const missing = held.missing[row];
  const known = missing < units || units === 0;
  return {
    value: known ? held.sum[row] : NaN,
    why: known ? "" : "not known",
    about: held.about[row] > 0,
    missing,
  };
}

/** Write a figure: `≈` where a part is estimated, `*` where a part is not known. */
export function written(found, decimals) {
  if (!Number.isFinite(found.value)) return found.why || "not known";
  const about = found.about ? "\u2248\u202f" : "";
  return `${about}${number(found.value, decimals)}${found.missing ? "*" : ""}`;
}
