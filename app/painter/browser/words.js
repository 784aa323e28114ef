// Text, numbers and elements. Names come from files: they only ever become text, never markup.

/** Make an element. `given` holds properties; `on` listeners, `aria` and `data` attributes. */
export function el(tag, given = {}, ...inside) {
  const { on = {}, aria = {}, data = {}, style = {}, role, ...rest } = given;
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(rest)) {
    if (value !== undefined && value !== null) made[name] = value;
  }
  for (const [name, heard] of Object.entries(on)) made.addEventListener(name, heard);
  for (const [name, value] of Object.entries(aria)) made.setAttribute(`aria-${name}`, value);
  for (const [name, value] of Object.entries(data)) made.dataset[name] = value;
  for (const [name, value] of Object.entries(style)) made.style.setProperty(name, value);
  if (role) made.setAttribute("role", role);
  made.append(...inside.filter((one) => one !== null && one !== undefined));
  return made;
}

/** Draw an icon of 20 by 20 from the paths given; its button carries the words. */
export function icon(...paths) {
  const space = "http://www.w3.org/2000/svg";
  const made = document.createElementNS(space, "svg");
  made.setAttribute("viewBox", "0 0 20 20");
  made.setAttribute("aria-hidden", "true");
  for (const path of paths) {
    const line = document.createElementNS(space, "path");
    line.setAttribute("d", path);
    made.append(line);
  }
  return made;
}

/** Make a button with an icon whose words are its label and its tooltip. */
export function iconButton(words, paths, given = {}) {
  const { aria = {}, ...rest } = given;
  return el(
    "button",
    { type: "button", title: words, ...rest, aria: { label: words, ...aria } },
    icon(...paths),
  );
}

const formats = new Map();

/** Write a number with its thousands apart; what is not known says so. */
export function number(value, decimals = 0) {
  if (!Number.isFinite(value)) return "not known";
  if (!formats.has(decimals)) {
    formats.set(
      decimals,
      new Intl.NumberFormat("en-GB", {
        minimumFractionDigits: decimals,
        maximumFractionDigits: decimals,
      }),
    );
  }
  return formats.get(decimals).format(value).replace("-", "\u2212");
}

/** Write a change with its sign; nothing where it rounds to none. */
export function change(value, decimals = 0) {
  if (!Number.isFinite(value) || Math.abs(value) < 0.5 * 10 ** -decimals) return "";
  return (value > 0 ? "+" : "") + number(value, decimals);
}

/** Write `3 small areas`, `1 small area`. */
export function counted(count, word) {
  return `${number(count)} ${word}${count === 1 ? "" : "s"}`;
}

/** Begin with a capital letter. */
export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Choose black or white, whichever is read better on a colour like #56b4e9. */
export function inkOn(colour) {
  const parts = /^#(..)(..)(..)$/.exec(colour);
  if (!parts) return "#16202a";
  const [red, green, blue] = parts.slice(1).map((part) => {
    const share = parseInt(part, 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  // WCAG relative luminance; 0.179 is where black and white contrast alike
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000000" : "#ffffff";
}
