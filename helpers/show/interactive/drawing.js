// Numbers, SVG elements and axes.

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

export function draw(parent, name, attributes = {}, content = "") {
  const node = set(document.createElementNS(parent.namespaceURI, name), attributes);
  node.textContent = content;
  return parent.appendChild(node);
}

export const write = (parent, x, y, content, look = "") => draw(parent, "text", { x, y, class: look }, content);

export const line = (parent, look, d) => draw(parent, "path", { class: look, d });

export const dot = (parent, look, cx, cy, r = 8) => draw(parent, "circle", { class: look, cx, cy, r });

export const bar = (parent, look, x, y, width, height) =>
  draw(parent, "rect", { class: look, x, y, width: Math.max(width, 0), height: Math.max(height, 0) });

const places = (tick) => (String(Number(tick.toFixed(3))).split(".")[1] || "").length;

// Two axes with ticks; returns the scales, a path through points, and a pane that cuts what leaves it.
export function axes(stage, { box, x, y, xlabel = "", ylabel = "", xticks = [], yticks = [] }) {
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
  const pane = draw(stage, "svg", { x: left, y: top, width, height, viewBox: `${left} ${top} ${width} ${height}` });
  const point = (x, y) => `${X(x).toFixed(1)},${clamp(Y(y), -9999, 9999).toFixed(1)}`;
  return { X, Y, pane, path: (xs, ys) => "M" + Array.from(xs, (x, i) => point(x, ys[i])).join("L") };
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
