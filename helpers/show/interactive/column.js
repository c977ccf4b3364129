// The bound against the evidence, as a column. Its scale is squeezed: -9.7 and -21.8 both fit.
import { bar, clamp, line, number, write } from "./drawing.js";

const DEEPEST = 150; // nats below the top; beyond it the column is cut, and says so

// A column of height log p(x), split into the ELBO and the KL that is missing; before it, the
// trail of the last 60 bounds that were seen.
export function column(aside, { x = 573, bottom = 290, ceiling, name = "log p(x)" }, { elbo, log_evidence }) {
  const [start, left, width, top] = [x + 45, x + 108, 30, 50];
  const Y = (v) => top + ((bottom - top) * Math.log1p(clamp(ceiling - v, 0, DEEPEST))) / Math.log1p(DEEPEST);
  line(aside, "axis", `M${start},${top}V${bottom}`);
  for (const depth of [0, 1, 3, 10, 30, 100]) {
    line(aside, "axis", `M${start},${Y(ceiling - depth)}h-5`);
    write(aside, start - 9, Y(ceiling - depth) + 6, number(-depth, 0), "end");
  }
  write(aside, x + 5, bottom + 26, "nats below, squeezed");
  const level = Y(log_evidence);
  const split = clamp(Y(elbo), level, bottom);
  bar(aside, "elbo", left, split, width, bottom - split);
  bar(aside, "kl", left, level, width, split - level);
  const seen = aside.known === log_evidence ? aside.seen : [];
  if (seen.at(-1) !== elbo) seen.push(elbo);
  Object.assign(aside, { known: log_evidence, seen: seen.slice(-60) });
  line(aside, "elboline", "M" + aside.seen.map((v, i, { length }) => `${left - (length - 1 - i) * 1.2},${Y(v).toFixed(1)}`).join("L"));
  line(aside, "evidence", `M${start},${level}H${left + width + 5}`);
  const between = clamp((level + split) / 2 + 6, level + 20, bottom - 28);
  const labels = [[name, log_evidence, Math.min(level - 6, between - 24)], ["KL", log_evidence - elbo, between], ["ELBO", elbo, bottom - 4]];
  for (const [key, value, y] of labels) {
    write(aside, left + width + 10, y, `${key} ${number(value)}${ceiling - value > DEEPEST ? " ≈" : ""}`);
  }
}
