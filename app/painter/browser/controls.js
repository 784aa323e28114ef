// The controls around the map: brush, steps, tools, scale, and whether all is saved.

import { showKeys } from "./keys.js";
import { TOOLS } from "./tools.js";
import { capital, el, icon, iconButton } from "./words.js";

const SIZES = ["one", "it and its neighbours", "all in a circle"];
const STEP = 1.5;

export class Controls {
  constructor(paint) {
    this.paint = paint;
    this.head = this.makeHead();
    this.rail = this.makeRail();
    this.zoom = this.makeZoom();
    this.screen = this.makeScreen();
    this.foot = this.makeFoot();
  }

  makeHead() {
    const { paint } = this;
    const { scene, choices } = paint;
    this.sizes = SIZES.map((words, i) =>
      el(
        "button",
        {
          type: "button", className: "size", title: `Brush: ${words} ([ and ])`,
          aria: { label: `Brush: ${words}`, pressed: "false" },
          on: { click: () => paint.setSize(i + 1) },
        },
        el("span", { className: `dot d${i + 1}` }),
      ),
    );
    this.by = el(
      "select",
      { on: { change: (event) => paint.setCoarse(event.target.value) } },
      el("option", { value: "" }, capital(scene.unitWord)),
      ...scene.coarse.map(({ key, title }) => el("option", { value: key }, title)),
    );
    this.undo = iconButton("Undo", ["M7 5 3 9l4 4", "M3 9h8a5 5 0 0 1 0 10H9"], {
      on: { click: () => paint.undo() },
    });
    this.redo = iconButton("Redo", ["M13 5l4 4-4 4", "M17 9H9a5 5 0 0 0 0 10h2"], {
      on: { click: () => paint.redo() },
    });
    const reset = iconButton("Back to the start", ["M4 10a6 6 0 1 1 2 4.5", "M4 15v-4h4"], {
      on: { click: () => paint.askReset() },
    });
    const ask = el("input", {
      type: "checkbox", checked: choices.ask,
      on: {
        change: (event) => {
          choices.ask = event.target.checked;
          if (!choices.ask) paint.keep();
        },
      },
    });
    return el(
      "div",
      { className: "head", role: "group", aria: { label: "Painting" } },
      el("div", { className: "group", role: "group", aria: { label: "Brush size" } }, ...this.sizes),
      el("label", { className: "by" }, el("span", {}, "By"), this.by),
      el("div", { className: "group" }, this.undo, this.redo, reset),
      el("label", { className: "check" }, ask, "Ask before keeping"),
    );
  }

  makeRail() {
    this.tools = new Map(
      TOOLS.map(({ key, words, letter, paths }) => [
        key,
        iconButton(`${words} (${letter.toUpperCase()})`, paths, {
          aria: { pressed: "false", label: words },
          data: { tool: key },
          on: { click: () => this.paint.setTool(key) },
        }),
      ]),
    );
    return el("div", { className: "rail", role: "group", aria: { label: "Tools" } }, ...this.tools.values());
  }

  makeZoom() {
    const { paint } = this;
    const by = (factor) => () => {
      paint.drawing.zoomBy(factor, undefined, { now: true });
      paint.viewChanged();
    };
    return el(
      "div",
      { className: "zoom", role: "group", aria: { label: "Scale" } },
      iconButton("Larger (+)", ["M10 4v12M4 10h12"], { on: { click: by(STEP) } }),
      iconButton("Smaller (\u2212)", ["M4 10h12"], { on: { click: by(1 / STEP) } }),
      iconButton("Whole map (Home)", ["M3 10 10 4l7 6", "M5 9v8h10V9"], {
        on: { click: () => paint.fit() },
      }),
    );
  }

  makeScreen() {
    const { paint } = this;
    this.full = iconButton("Fill the screen (F)", [], { on: { click: () => paint.toggleFull() } });
    return el("div", { className: "screen", hidden: !document.fullscreenEnabled }, this.full);
  }

  makeFoot() {
    const { standing } = this.paint.scene;
    this.hint = el("span", { className: "hint" });
    this.saved = el("span", { className: "saved" });
    const keys = el("button", {
      type: "button", className: "link", textContent: "Keys (?)",
      on: { click: () => showKeys(this.paint) },
    });
    return el(
      "div",
      { className: "foot" },
      this.hint,
      el("span", { className: "source", title: standing }, standing),
      this.saved,
      keys,
    );
  }

  showTool(key) {
    for (const [one, button] of this.tools) {
      button.setAttribute("aria-pressed", String(one === key));
    }
    this.hint.textContent = TOOLS.find((one) => one.key === key).hint;
  }

  showSize(size) {
    this.sizes.forEach((button, i) => button.setAttribute("aria-pressed", String(i + 1 === size)));
  }

  showCoarse(key) {
    this.by.value = key;
  }

  showSteps(plan) {
    const set = (button, word, title, keys) => {
      button.disabled = title === null;
      const text = title === null ? `Nothing to ${word}` : `${capital(word)}: ${title} (${keys})`;
      button.title = text;
      button.setAttribute("aria-label", text);
    };
    set(this.undo, "undo", plan.undoTitle(), "Ctrl+Z");
    set(this.redo, "redo", plan.redoTitle(), "Ctrl+Y");
  }

  showFull(full) {
    const words = full ? "Leave the full screen (F)" : "Fill the screen (F)";
    const paths = full
      ? ["M16 4 11.5 8.5M11 5v4h4", "M4 16l4.5-4.5M9 15v-4H5"]
      : ["M11.5 8.5 17 3M13 3h4v4", "M8.5 11.5 3 17M3 13v4h4"];
    this.full.title = words;
    this.full.setAttribute("aria-label", words);
    this.full.replaceChildren(icon(...paths));
  }

  /** `kind` is "late" for what is not saved in time, "asks" for what waits for a person. */
  showSaved(text, kind) {
    if (this.saved.textContent !== text) this.saved.textContent = text;
    for (const one of ["late", "asks"]) this.saved.classList.toggle(one, one === kind);
  }
}
