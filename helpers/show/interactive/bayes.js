// Prior to posterior as the data come: a beta prior on a probability, one document at a time.
import { axes, bar, cutMark, legend, number, sum, write } from "./drawing.js";
import { playing } from "./player.js";

// Whole a and b: a beta function of factorials.
const logFactorial = (n) => sum(Array.from({ length: n }, (_, i) => Math.log(i + 1)));
const logBeta = (a, b) => logFactorial(a - 1) + logFactorial(b - 1) - logFactorial(a + b - 1);
const logCurve = (thetas, a, b) => thetas.map((t) => a * Math.log(t) + b * Math.log(1 - t));
const beta = (thetas, a, b) => logCurve(thetas, a - 1, b - 1).map((v) => Math.exp(v - logBeta(a, b)));

export const figure = {
  split: 620,
  extras: [playing],

  compute({ observed, thetas }, { ones, zeros, seen }) {
    const heads = sum(observed.slice(0, seen));
    const [a, b] = [ones + heads, zeros + seen - heads];
    const mean = a / (a + b);
    return {
      heads, log_evidence: logBeta(a, b) - logBeta(ones, zeros), mean, sd: Math.sqrt((mean * (1 - mean)) / (a + b + 1)),
      prior: beta(thetas, ones, zeros), posterior: beta(thetas, a, b), likelihood: logCurve(thetas, heads, seen - heads),
    };
  },

  draw(stage, aside, { observed, thetas }, { prior, likelihood, posterior, log_evidence }, { seen }) {
    const top = 8;
    const { area, curve } = axes(stage, {
      box: [40, 50, 600, 290], x: [0, 1], y: [0, top], xlabel: "θ = p(“bank” means money)", xticks: [0, 0.5, 1],
    });
    const highest = Math.max(...likelihood);
    curve("prior", thetas, prior);
    if (seen) curve("likelihood", thetas, likelihood.map((v) => Math.exp(v - highest) * 3));
    area("p", thetas, posterior);
    legend(stage, 40, 24, [["prior", "prior p(θ)"], ["p", "posterior p(θ|x)", true], ["likelihood", "p(x|θ), rescaled"]]);
    const peak = Math.max(...prior, ...posterior);
    cutMark(stage, 600, 44, peak > top && `up to ${number(peak)}`);
    observed.slice(0, seen).forEach((x, i) => {
      const [left, y] = [650 + 40 * (i % 6), 70 + 40 * Math.floor(i / 6)];
      bar(aside, "axis", left, y, 34, 32);
      write(aside, left + 17, y + 23, x ? "m" : "r", "mid");
    });
    write(aside, 650, 52, seen ? "m money, r rivers" : "nothing seen yet");
    write(aside, 650, 300, `log p(x) = ${number(log_evidence)}`);
  },

  describe: ({ heads, log_evidence, mean, sd }, { seen }) =>
    (seen ? `${seen} documents seen, ${heads} about money: ` : "Nothing seen yet: ") +
    `θ has posterior mean ${number(mean)} and standard deviation ${number(sd)}; log p(x) = ${number(log_evidence)}.`,
};
