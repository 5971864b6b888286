// Elements from data. Text out of files becomes text, never markup.

/** A new element with properties and children: elements, texts, or nothing. */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.flat().filter((child) => child !== undefined && child !== null));
  return made;
}

/** Text out of a file, in which everything is seen: what would move, hide or reorder other text is written as its number. */
export function shown(text) {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0).toString(16)}}`);
}

/** A name out of a file, whose direction stays its own. */
export function name(text) {
  return element("bdi", {}, shown(text));
}

/** A number as people read it: six digits. */
export function number(value) {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}
