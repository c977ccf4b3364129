// The bound against the evidence, as a column.
import { clamp, draw, number, scale, set } from "./drawing.js";

// A column of height log p(x), split into the ELBO and the KL that is missing.
export function column(stage, { x, width, top, bottom, floor, ceiling, name = "log p(x)" }) {
  const Y = scale(floor, ceiling, bottom, top);
  const elbo = draw(stage, "rect", { class: "elbo", x, width });
  const kl = draw(stage, "rect", { class: "kl", x, width });
  const line = draw(stage, "path", { class: "evidence" });
  const labels = [0, 1, 2].map(() => draw(stage, "text", { x: x + width + 16 }));
  return (bound, evidence) => {
    const level = clamp(Y(evidence), top, bottom);
    const split = clamp(Y(bound), level, bottom);
    set(elbo, { y: split, height: bottom - split });
    set(kl, { y: level, height: split - level });
    set(line, { d: `M${x - 10},${level}H${x + width + 10}` });
    const values = { [name]: evidence, KL: evidence - bound, ELBO: bound };
    Object.keys(values).forEach((key, i) => (labels[i].textContent = `${key} = ${number(values[key])}`));
    const wanted = Math.max((level + split) / 2 + 6, level + 20);
    const lowest = clamp((split + bottom) / 2 + 6, wanted + 24, bottom + 6);
    const between = Math.min(wanted, lowest - 24);
    [Math.min(level - 6, between - 24), between, lowest].forEach((y, i) => labels[i].setAttribute("y", y));
  };
}
