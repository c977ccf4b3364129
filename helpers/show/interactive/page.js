// What figures and questions share as parts of a page: buttons, and keys that stay inside.
import { add, set } from "./drawing.js";

// Lab listens to the keys of whatever does not say this.
export const OWN = { "data-lm-suppress-shortcuts": "true" };
const OWN_KEYS = /^( |Enter|Home|End|Page.*|Arrow.*)$/;

export function button(parent, content, act) {
  const node = add(parent, "button", { type: "button", ...OWN }, content);
  node.addEventListener("click", act);
  return node;
}

// Marks root as alive; Lab and slides have their own plans for the keys.
export function enliven(root, style, kind) {
  root.prepend(add(root, "style", {}, style));
  set(root, { "data-alive": "", "data-prevent-swipe": "", ...OWN });
  root.classList.add("vi-figure", kind);
  root.addEventListener("keydown", (event) => OWN_KEYS.test(event.key) && event.stopPropagation());
}
