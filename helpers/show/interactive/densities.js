// Two densities over one axis: the posterior as an area, q as a line.
import { axes, clamp, draw, set } from "./drawing.js";

export function densities(stage, data, box) {
  const { low, spacing, shown } = data.grid;
  const z = data.log_joint[0].map((_, i) => low + i * spacing);
  const inside = (values) => values.filter((_, i) => z[i] >= shown[0] && z[i] <= shown[1]);
  const zs = inside(z);
  const [left, top, right, bottom] = box;
  const { path } = axes(stage, {
    box, x: shown, y: [0, data.top], xlabel: "z", ylabel: "density", xticks: [-6, -4, -2, 0, 2, 4, 6],
  });
  const [p, q] = ["p", "q"].map((name) => draw(stage, "path", { class: name }));
  const key = right - 190;
  draw(stage, "rect", { class: "p", x: key, y: top + 1, width: 34, height: 16 });
  draw(stage, "text", { x: key + 44, y: top + 15 }, "posterior p(z|x)");
  draw(stage, "path", { class: "q", d: `M${key},${top + 35}h34` });
  draw(stage, "text", { x: key + 44, y: top + 41 }, "q(z)");
  const line = (values) => path(zs, inside(values).map((v) => clamp(v, 0, data.top)));
  return (numbers) => {
    set(p, { d: `${line(numbers.p)}L${right},${bottom}L${left},${bottom}Z` });
    set(q, { d: line(numbers.q) });
  };
}
