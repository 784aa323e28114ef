// The bar at the foot of the map: a question, and its answers as buttons and keys.

import { el } from "./words.js";

export class Bar {
  constructor(paint) {
    this.paint = paint;
    this.element = el("div", { className: "bar", hidden: true, role: "group" });
    this.answers = [];
    this.words = "";
    this.decides = false;
  }

  /**
   * Ask; an answer is [text, what it does, "main" or "off"]. The last one leaves all as it was.
   * With a `field`, a text is asked for. `decides` says that nothing goes on without an answer:
   * the card is away until then.
   */
  ask(words, answers, { field = null, decides = false } = {}) {
    const { root } = this.paint;
    const held = this.buttons().indexOf(root.activeElement);
    this.answers = answers;
    this.decides = decides || Boolean(field);
    this.element.replaceChildren(
      field ? el("label", {}, `${words} `, field) : el("span", {}, words),
      ...answers.map(([text, taken, kind]) =>
        el("button", {
          type: "button", textContent: text, className: kind === "main" ? "main" : "",
          disabled: kind === "off", on: { click: taken },
        }),
      ),
    );
    this.element.hidden = false;
    this.element.setAttribute("aria-label", words);
    if (held >= 0) this.takeFocus(held);
    this.paint.card.giveWay();
    if (words !== this.words) this.paint.tell(words);
    this.words = words;
  }

  buttons() {
    return [...this.element.querySelectorAll("button")];
  }

  /** Put the keyboard on an answer, the main one unless another is named; else on the map. */
  takeFocus(at = this.answers.findIndex(([, , kind]) => kind === "main")) {
    const found = this.buttons()[at];
    (found && !found.disabled ? found : this.paint.stage).focus({ preventScroll: true });
  }

  /** Ask for a text; `check` says what is wrong with it, or gives nothing. `hint` stands below. */
  askText(words, text, [accept, taken], check, hint = "") {
    const wrong = el("p", { className: "wrong", role: "alert", hidden: true });
    const give = () => {
      const given = field.value.trim();
      const found = check(given);
      wrong.hidden = !found;
      wrong.textContent = found;
      field.setAttribute("aria-invalid", String(Boolean(found)));
      if (found) return field.focus();
      this.hide();
      return taken(given);
    };
    const field = el("input", {
      type: "text", value: text, maxLength: 100, autocomplete: "off", spellcheck: false,
      on: {
        keydown: (event) => {
          if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
          event.preventDefault();
          this.answer(event.key);
        },
      },
    });
    this.ask(words, [[accept, give, "main"], ["Cancel (Esc)", () => this.hide()]], { field });
    if (hint) this.element.append(el("p", {}, hint));
    this.element.append(wrong);
    field.focus({ preventScroll: true });
    field.select();
  }

  hide() {
    const { root, stage } = this.paint;
    if (this.element.contains(root.activeElement)) stage.focus({ preventScroll: true });
    this.element.hidden = true;
    this.answers = [];
    this.words = "";
    this.decides = false;
  }

  /** Answer by key: Enter takes the main answer, Esc the last. */
  answer(key) {
    const found = key === "Enter" ? this.answers.find(([, , kind]) => kind === "main") : this.answers.at(-1);
    if (!found) return false;
    found[1]();
    return true;
  }
}
