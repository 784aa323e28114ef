// The bar at the foot of the map: a question, and its answers as buttons and keys.

import { el } from "./words.js";

export class Bar {
  constructor(paint) {
    this.paint = paint;
    this.element = el("div", { className: "bar", hidden: true, role: "group" });
    this.answers = [];
    this.words = "";
  }

  /** Ask; an answer is [text, what it does, "main" or "off"]. The last one leaves all as it was. */
  ask(words, answers) {
    this.answers = answers;
    this.element.replaceChildren(
      el("span", {}, words),
      ...answers.map(([text, taken, kind]) =>
        el("button", {
          type: "button", textContent: text, className: kind === "main" ? "main" : "",
          disabled: kind === "off", on: { click: taken },
        }),
      ),
    );
    this.element.hidden = false;
    this.element.setAttribute("aria-label", words);
    if (words !== this.words) this.paint.tell(words);
    this.words = words;
  }

  hide() {
    const { root, stage } = this.paint;
    if (this.element.contains(root.activeElement)) stage.focus({ preventScroll: true });
    this.element.hidden = true;
    this.answers = [];
    this.words = "";
  }

  /** Answer by key: Enter takes the main answer, Esc the last. */
  answer(key) {
    const found = key === "Enter" ? this.answers.find(([, , kind]) => kind === "main") : this.answers.at(-1);
    if (!found) return false;
    found[1]();
    return true;
  }
}
