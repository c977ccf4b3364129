// What figures and questions share: numbers, elements of pages and pictures, axes.

export const number = (value, digits = 2) => {
  if (!isFinite(value)) return value > 0 ? "∞" : value < 0 ? "−∞" : "undefined";
  const rounded = value.toFixed(digits);
  return Number(rounded) === 0 ? rounded.replace("-", "") : rounded.replace("-", "−");
};

export const sum = (values) => values.reduce((a, b) => a + b, 0);
export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
export const scale = (low, high, from, to) => (v) => from + ((v - low) / (high - low)) * (to - from);
export const spread = (low, high, n) => Array.from({ length: n }, (_, i) => low + (i * (high - low)) / (n - 1));

export function set(node, attributes) {
  for (const name in attributes) node.setAttribute(name, attributes[name]);
  return node;
}

// A new element at the end of its parent, HTML or SVG as that is.
export function add(parent, name, attributes = {}, content = "") {
  const node = set(document.createElementNS(parent.namespaceURI, name), attributes);
  node.textContent = content;
  return parent.appendChild(node);
}

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

export const write = (parent, x, y, content, look = "") => add(parent, "text", { x, y, class: look }, content);
export const line = (parent, look, d) => add(parent, "path", { class: look, d });
export const dot = (parent, look, cx, cy, r = 8) => add(parent, "circle", { class: look, cx, cy, r });
export const bar = (parent, look, x, y, width, height) =>
  add(parent, "rect", { class: look, x, y, width: Math.max(width, 0), height: Math.max(height, 0) });

const places = (tick) => (String(Number(tick.toFixed(3))).split(".")[1] || "").length;

// Two axes with ticks. Returns the scales and what draws by them, into a pane that cuts what leaves
// it (open: nothing is cut): curve and area, of ys or a function of x; spot; level, from end to end.
export function axes(stage, { box, x, y, xlabel = "", ylabel = "", xticks = [], yticks = [], open }) {
  const [left, top, right, bottom] = box;
  const X = scale(...x, left, right);
  const Y = scale(...y, bottom, top);
  line(stage, "axis", `M${left},${top}V${bottom}H${right}`);
  for (const tick of xticks) {
    line(stage, "axis", `M${X(tick)},${bottom}v5`);
    write(stage, X(tick), bottom + 23, number(tick, places(tick)), "mid");
  }
  for (const tick of yticks) {
    line(stage, "axis", `M${left},${Y(tick)}h-5`);
    write(stage, left - 9, Y(tick) + 6, number(tick, places(tick)), "end");
  }
  write(stage, (left + right) / 2, bottom + 45, xlabel, "mid");
  write(stage, left - 4, top - 10, ylabel);
  const [width, height] = [right - left, bottom - top];
  const pane = open ? stage : add(stage, "svg", { x: left, y: top, width, height, viewBox: `${left} ${top} ${width} ${height}` });
  const far = (v) => clamp(v, -9999, 9999);
  const point = (x, y) => `${X(x).toFixed(1)},${far(Y(y)).toFixed(1)}`;
  const curve = (look, xs, ys, end = "") =>
    line(pane, look, "M" + Array.from(xs, (x, i) => point(x, ys.call ? ys(x) : ys[i])).join("L") + end);
  return {
    X, Y, pane, curve,
    area: (look, xs, ys) => curve(look, xs, ys, `V${bottom}H${X(xs[0])}Z`),
    spot: (look, x, y, r) => dot(pane, look, far(X(x)), far(Y(y)), r),
    level: (look, y) => line(stage, look, `M${left},${Y(y)}H${right}`),
  };
}

// Says beside a picture what it had to cut.
export const cutMark = (stage, x, y, text) => text && write(stage, x, y, `≈ ${text}`, "end");

// Swatches with names, from left to right: [look, name, whether it is an area].
export function legend(stage, x, y, entries) {
  for (const [look, name, area] of entries) {
    line(stage, look, area ? `M${x},${y - 13}h30v14h-30z` : `M${x},${y - 6}h30`);
    write(stage, x + 37, y, name);
    x += 62 + 9.7 * name.length;
  }
}
