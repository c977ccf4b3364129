// Prior to posterior as the data come: a beta prior on a probability, one document at a time.
import { axes, clamp, draw, number, set } from "./drawing.js";
import { player } from "./player.js";

export const figure = {
  size: [900, 380],
  player,

  compute(data, { ones: a, zeros: b, seen }) {
    const heads = data.observed.slice(0, seen).reduce((sum, x) => sum + x, 0);
    const tails = seen - heads;
    const evidence = logBeta(a + heads, b + tails) - logBeta(a, b);
    const mean = (a + heads) / (a + b + seen);
    return {
      heads, log_evidence: evidence, mean, sd: Math.sqrt((mean * (1 - mean)) / (a + b + seen + 1)),
      prior: curve(data.theta, a, b), posterior: curve(data.theta, a + heads, b + tails),
      likelihood: data.theta.map((t) => heads * Math.log(t) + tails * Math.log(1 - t)),
    };
  },

  build(stage, data) {
    const top = 8;
    const { path } = axes(stage, {
      box: [40, 30, 620, 320], x: [0, 1], y: [0, top], xlabel: "θ = p(“bank” means money)", ylabel: "density",
      xticks: [0, 0.5, 1],
    });
    const names = { prior: "prior p(θ)", likelihood: "likelihood p(x|θ), rescaled", p: "posterior p(θ|x)" };
    const lines = Object.entries(names).map(([name, label], i) => {
      draw(stage, "path", { class: name, d: `M650,${50 + 32 * i}h36` });
      draw(stage, "text", { x: 696, y: 56 + 32 * i }, label.split(",")[0]);
      return draw(stage, "path", { class: name });
    });
    const tiles = data.observed.map((x, i) => {
      const at = { x: 650 + 40 * (i % 6), y: 170 + 36 * Math.floor(i / 6) };
      return [draw(stage, "rect", { ...at, width: 34, height: 30, class: "axis" }),
              draw(stage, "text", { x: at.x + 17, y: at.y + 22, class: "mid" }, x ? "m" : "r")];
    });
    return (numbers, { seen }) => {
      const highest = Math.max(...numbers.likelihood);
      const rescaled = numbers.likelihood.map((v) => Math.exp(v - highest) * 3);
      [numbers.prior, rescaled, numbers.posterior].forEach((values, i) =>
        set(lines[i], { d: path(data.theta, values.map((v) => clamp(v, 0, top))) + (i === 2 ? "V320H40Z" : "") }));
      tiles.forEach((pair, i) => pair.forEach((part) => set(part, { opacity: i < seen ? 1 : 0 })));
    };
  },

  describe: ({ heads, log_evidence, mean, sd }, { seen }) =>
    (seen ? `${seen} documents seen, ${heads} about money (m) and ${seen - heads} about rivers (r): ` : "Nothing seen yet: ") +
    `θ has posterior mean ${number(mean)} and standard deviation ${number(sd)}. ` +
    `The evidence of what was seen: log p(x) = ${number(log_evidence)}.`,
};

// Whole a and b: a beta function of factorials.
function logBeta(a, b) {
  const logFactorial = (n) => Array.from({ length: n }, (_, i) => Math.log(i + 1)).reduce((s, v) => s + v, 0);
  return logFactorial(a - 1) + logFactorial(b - 1) - logFactorial(a + b - 1);
}

const curve = (theta, a, b) =>
  theta.map((t) => Math.exp((a - 1) * Math.log(t) + (b - 1) * Math.log(1 - t) - logBeta(a, b)));
