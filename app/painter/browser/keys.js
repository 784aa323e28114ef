// Keys: everything on the map can be done without a pointer.

import { TOOLS } from "./tools.js";
import { el } from "./words.js";

const ARROWS = {
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
};
const PAN_PX = 80;

export function listen(main, paint) {
  main.addEventListener("keydown", (event) => {
    // Streamlit runs the page again at `r` and offers to clear its caches at `c`, wherever a key is
    // pressed: it cannot see that this one was meant for a field in here
    event.stopPropagation();
    if (isField(event.target)) return;
    const taken = event.ctrlKey || event.metaKey ? withControl(event, paint) : plain(event, paint);
    if (taken) event.preventDefault();
  });
  for (const name of ["keyup", "keypress"]) {
    main.addEventListener(name, (event) => event.stopPropagation());
  }
}

function isField(target) {
  return target.matches("input:not([type=checkbox]):not([type=radio]), select, textarea");
}

function withControl(event, paint) {
  const key = event.key.toLowerCase();
  if (key === "z" && !event.shiftKey) paint.undo();
  else if (key === "y" || key === "z") paint.redo();
  else return false;
  return true;
}

function plain(event, paint) {
  const { key } = event;
  if (key === "Escape") return leave(paint);
  if (event.altKey) return false;
  if (key === "?") return done(() => showKeys(paint));
  // buttons keep the keys that work them; letters and figures work from all of them
  if (event.target.closest(".page, dialog")) return false;
  return (event.target.closest(".stage") && onMap(event, paint)) || anywhere(key, paint);
}

function onMap({ key, shiftKey }, paint) {
  if (key in ARROWS) {
    const [dx, dy] = ARROWS[key];
    if (!shiftKey) return done(() => paint.moveCursor(dx, dy));
    paint.drawing.panBy(-dx * PAN_PX, dy * PAN_PX, { now: true });
    return done(() => paint.viewChanged());
  }
  if (key === " ") return done(() => paint.useTool());
  if (key === "Enter") return paint.bar.answer("Enter") || done(() => paint.useTool());
  if (key === "Home") return done(() => paint.fit());
  if (key === "Backspace" && paint.shape.length) return done(() => paint.dropCorner());
  return false;
}

function anywhere(key, paint) {
  if (/^[1-9]$/.test(key)) return done(() => paint.setZone(Number(key) - 1));
  if (key === "0") return done(() => paint.setZone(-1));
  if (key === "[" || key === "]") {
    return done(() => paint.setSize(paint.choices.size + (key === "]" ? 1 : -1)));
  }
  if ("+=-_".includes(key) && key.length === 1) {
    paint.drawing.zoomBy("+=".includes(key) ? 1.5 : 1 / 1.5, undefined, { now: true });
    return done(() => paint.viewChanged());
  }
  return letters(key.toLowerCase(), paint);
}

function letters(key, paint) {
  if (key === "g") {
    const all = ["", ...paint.scene.coarse.map((one) => one.key)];
    const next = all[(all.indexOf(paint.choices.coarse) + 1) % all.length];
    paint.setCoarse(next);
    const title = paint.scene.coarse.find((one) => one.key === next)?.title;
    return done(() => paint.tell(`Painting by ${title || paint.scene.unitWord}.`));
  }
  if (key === "n") return done(() => paint.nextToMend());
  if (key === "f") return done(() => paint.toggleFull());
  const tool = TOOLS.find(({ letter }) => letter === key);
  if (!tool) return false;
  // with a place on the map, these act there at once
  if (paint.keyboard && paint.cursor >= 0 && key === "i") return done(() => paint.pickAt(paint.cursor));
  paint.setTool(tool.key);
  return done(() => paint.tell(`${tool.words}. ${tool.hint}`));
}

function leave(paint) {
  if (paint.stroke) return paint.discard();
  if (paint.bar.answer("Escape")) return true;
  if (paint.chosen.size) {
    paint.chosen.clear();
    return done(() => paint.choiceChanged());
  }
  paint.card.hide();
  if (paint.isFull()) return done(() => paint.toggleFull());
  return false;
}

function done(act) {
  act();
  return true;
}

const HELP = [
  ["Arrow keys", "go to the next area that way; with Shift, move the map"],
  ["Space", "paint, or use the tool, where you are"],
  ["Enter", "paint; accept what is asked; close a polygon"],
  ["1 to 9, 0", "choose a zone; no zone"],
  ["[ and ]", "smaller or larger brush"],
  ["Esc", "discard the stroke, the question or the choice"],
  ["Ctrl+Z, Ctrl+Y", "undo, redo"],
  ["+ \u2212 Home", "scale; whole map"],
  ["G", "paint by small area, by ward and so on"],
  ["F", "fill the screen, or leave it"],
  ["N", "go to the next stray piece, or area in no zone"],
  ...TOOLS.map(({ letter, words }) => [letter.toUpperCase(), words]),
];

/** List all keys, over the page. */
export function showKeys(paint) {
  const row = ([keys, words]) => el("tr", {}, el("th", { scope: "row" }, keys), el("td", {}, words));
  const box = el(
    "dialog",
    { className: "keys", aria: { label: "Keys" } },
    el("h3", {}, "Keys on the map"),
    el("table", {}, el("tbody", {}, ...HELP.map(row))),
    el("form", { method: "dialog" }, el("button", { className: "main", textContent: "Close" })),
  );
  box.addEventListener("close", () => {
    box.remove();
    paint.stage.focus({ preventScroll: true });
  });
  paint.main.append(box);
  box.showModal();
}
