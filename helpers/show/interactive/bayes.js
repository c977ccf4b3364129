// Prior to posterior as the data come: a beta prior on a probability, one document at a time.
import { axes, cutMark, draw, legend, line, number, path, set, write } from "./drawing.js";
import { player } from "./player.js";

export const figure = {
  size: [900, 340],
  split: 620,
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
    const { path, pane } = axes(stage, {
      box: [40, 50, 600, 290], x: [0, 1], y: [0, top], xlabel: "θ = p(“bank” means money)", xticks: [0, 0.5, 1],
    });
    const curves = ["prior", "likelihood", "p"].map((look) => line(pane, look));
    legend(stage, 40, 24, [["prior", "prior p(θ)"], ["p", "posterior p(θ|x)", true], ["likelihood", "p(x|θ), rescaled"]]);
    const cut = cutMark(stage, 600, 44);
    const tiles = data.observed.map((x, i) => {
      const at = { x: 650 + 40 * (i % 6), y: 70 + 40 * Math.floor(i / 6) };
      return [draw(stage.aside, "rect", { ...at, width: 34, height: 32, class: "axis" }),
              write(stage.aside, at.x + 17, at.y + 23, x ? "m" : "r", "mid")];
    });
    const notes = [52, 300].map((y) => write(stage.aside, 650, y, ""));
    return ({ prior, likelihood, posterior, log_evidence }, { seen }) => {
      const highest = Math.max(...likelihood);
      const rescaled = likelihood.map((v) => Math.exp(v - highest) * 3);
      [prior, rescaled, posterior].forEach((values, i) =>
        set(curves[i], { d: !seen && i === 1 ? "" : path(data.theta, values) + (i === 2 ? "V290H40Z" : "") }));
      tiles.forEach((pair, i) => pair.forEach((part) => set(part, { opacity: i < seen ? 1 : 0 })));
      const peak = Math.max(...prior, ...posterior);
      cut(peak > top ? `up to ${number(peak)}` : "");
      notes[0].textContent = seen ? "m money, r rivers" : "nothing seen yet";
      notes[1].textContent = `log p(x) = ${number(log_evidence)}`;
    };
  },

  describe: ({ heads, log_evidence, mean, sd }, { seen }) =>
    (seen ? `${seen} documents seen, ${heads} about money: ` : "Nothing seen yet: ") +
    `θ has posterior mean ${number(mean)} and standard deviation ${number(sd)}; log p(x) = ${number(log_evidence)}.`,
};

// Whole a and b: a beta function of factorials.
function logBeta(a, b) {
  const logFactorial = (n) => Array.from({ length: n }, (_, i) => Math.log(i + 1)).reduce((s, v) => s + v, 0);
  return logFactorial(a - 1) + logFactorial(b - 1) - logFactorial(a + b - 1);
}

const curve = (theta, a, b) =>
  theta.map((t) => Math.exp((a - 1) * Math.log(t) + (b - 1) * Math.log(1 - t) - logBeta(a, b)));
