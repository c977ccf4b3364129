// The bound against the evidence, as a column.
import { clamp, draw, number, scale, set } from "./drawing.js";

// A column of height log p(x), split into the ELBO and the KL that is missing.
export function column(stage, { x, width, top, bottom, floor, ceiling }) {
  const Y = scale(floor, ceiling, bottom, top);
  const elbo = draw(stage, "rect", { class: "elbo", x, width });
  const kl = draw(stage, "rect", { class: "kl", x, width });
  const line = draw(stage, "path", { class: "evidence" });
  const [high, middle, low] = [0, 1, 2].map(() => draw(stage, "text", { x: x + width + 16 }));
  return (bound, evidence) => {
    const level = clamp(Y(evidence), top, bottom);
    const split = clamp(Y(bound), level, bottom);
    set(elbo, { y: split, height: bottom - split });
    set(kl, { y: level, height: split - level });
    set(line, { d: `M${x - 10},${level}H${x + width + 10}` });
    high.textContent = `log p(x) = ${number(evidence)}`;
    middle.textContent = `KL = ${number(evidence - bound)}`;
    low.textContent = `ELBO = ${number(bound)}`;
    const gap = Math.max((level + split) / 2 + 6, level + 20);
    high.setAttribute("y", level - 6);
    middle.setAttribute("y", gap);
    low.setAttribute("y", Math.min(Math.max((split + bottom) / 2 + 6, gap + 24), bottom + 22));
  };
}
