// A probability vector as stripes in the topics' colours, side by side.
import { bar, number, set, write } from "./drawing.js";

const stripe = (stage, k, ...where) =>
  set(bar(stage, "stripe", ...where), { style: `fill:var(--series-${k});stroke:var(--series-${k})` });

export function stripes(stage, shares, x, y, width, height) {
  shares.forEach((share, k) => {
    stripe(stage, k, x, y, share * width, height);
    x += share * width;
  });
}

// gamma, topic by topic: rows of the given height, their names to the left of x.
export function gammas(stage, names, gamma, x, y, row, unit) {
  write(stage, x, y - 8, "γ, topic by topic");
  gamma.forEach((value, k) => {
    const middle = y + row * (k + 0.5) + 6;
    write(stage, x - 10, middle, names[k], "end");
    stripe(stage, k, x, y + row * k + 3, unit * value, row - 8);
    write(stage, x + unit * value + 10, middle, number(value));
  });
}
