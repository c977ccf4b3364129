// The bound against the evidence, as a column. Its scale is squeezed: -9.7 and -21.8 both fit.
import { clamp, draw, line, number, set, write } from "./drawing.js";

const DEEPEST = 150; // nats below the top; beyond it the column is cut, and says so

// A column of height log p(x), split into the ELBO and the KL that is missing; before it, the
// trail of the last 60 bounds that were seen.
export function column(stage, { x, top, bottom, ceiling, name = "log p(x)" }) {
  const [start, left, width] = [x + 45, x + 108, 30];
  const Y = (v) => top + ((bottom - top) * Math.log1p(clamp(ceiling - v, 0, DEEPEST))) / Math.log1p(DEEPEST);
  line(stage, "axis", `M${start},${top}V${bottom}`);
  for (const depth of [0, 1, 3, 10, 30, 100]) {
    line(stage, "axis", `M${start},${Y(ceiling - depth)}h-5`);
    write(stage, start - 9, Y(ceiling - depth) + 6, number(-depth, 0), "end");
  }
  write(stage, x + 5, bottom + 26, "nats below, squeezed");
  const elbo = draw(stage, "rect", { class: "elbo", x: left, width });
  const kl = draw(stage, "rect", { class: "kl", x: left, width });
  const trail = line(stage, "elboline");
  const edge = line(stage, "evidence");
  const labels = [0, 1, 2].map(() => draw(stage, "text", { x: left + width + 10 }));
  let seen = [];
  let known;
  return (bound, evidence) => {
    if (known !== evidence) seen = [];
    known = evidence;
    if (seen.at(-1) !== bound) seen = [...seen, bound].slice(-60);
    const level = Y(evidence);
    const split = clamp(Y(bound), level, bottom);
    set(elbo, { y: split, height: bottom - split });
    set(kl, { y: level, height: split - level });
    set(edge, { d: `M${start},${level}H${left + width + 5}` });
    set(trail, { d: "M" + seen.map((v, i) => `${left - (seen.length - 1 - i) * 1.2},${Y(v).toFixed(1)}`).join("L") });
    const values = [[name, evidence], ["KL", evidence - bound], ["ELBO", bound]];
    values.forEach(([key, value], i) => (labels[i].textContent = `${key} ${number(value)}${ceiling - value > DEEPEST ? " ≈" : ""}`));
    const between = clamp((level + split) / 2 + 6, level + 20, bottom - 28);
    [Math.min(level - 6, between - 24), between, bottom - 4].forEach((y, i) => labels[i].setAttribute("y", y));
  };
}
