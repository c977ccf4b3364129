// Numbers, SVG elements and axes.

export const number = (value, digits = 2) => {
  if (!isFinite(value)) return value > 0 ? "∞" : value < 0 ? "−∞" : "undefined";
  const rounded = value.toFixed(digits);
  return Number(rounded) === 0 ? rounded.replace("-", "") : rounded.replace("-", "−");
};

// JSON has no infinities: null stands for log 0.
export const logs = (table) => table.map((value) => (value === null ? -Infinity : value));

export function set(node, attributes) {
  for (const name in attributes) node.setAttribute(name, attributes[name]);
  return node;
}

export function draw(parent, name, attributes = {}, content = "") {
  const node = set(document.createElementNS(parent.namespaceURI, name), attributes);
  node.textContent = content;
  return parent.appendChild(node);
}

export const path = (X, Y, xs, ys) =>
  "M" + Array.from(xs, (x, i) => `${X(x).toFixed(1)},${Y(ys[i]).toFixed(1)}`).join("L");

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

export const scale = (low, high, from, to) => (v) => from + ((v - low) / (high - low)) * (to - from);

const places = (tick) => (String(Number(tick.toFixed(3))).split(".")[1] || "").length;

// Two axes with ticks; returns the scales and a path through points.
export function axes(stage, { box, x, y, xlabel = "", ylabel = "", xticks = [], yticks = [] }) {
  const [left, top, right, bottom] = box;
  const X = scale(...x, left, right);
  const Y = scale(...y, bottom, top);
  draw(stage, "path", { class: "axis", d: `M${left},${top}V${bottom}H${right}` });
  for (const tick of xticks) {
    draw(stage, "path", { class: "axis", d: `M${X(tick)},${bottom}v5` });
    draw(stage, "text", { x: X(tick), y: bottom + 23, class: "mid" }, number(tick, places(tick)));
  }
  for (const tick of yticks) {
    draw(stage, "path", { class: "axis", d: `M${left},${Y(tick)}h-5` });
    draw(stage, "text", { x: left - 9, y: Y(tick) + 6, class: "end" }, number(tick, places(tick)));
  }
  draw(stage, "text", { x: (left + right) / 2, y: bottom + 45, class: "mid" }, xlabel);
  draw(stage, "text", { x: left - 4, y: top - 8 }, ylabel);
  return { X, Y, path: (xs, ys) => path(X, Y, xs, ys) };
}
