// A factorial HMM: marginals of each chain under three posteriors, and what two of them cost.
import { axes, bar, legend, line, number, write } from "./drawing.js";

export const figure = {
  size: [900, 350],
  split: 625,

  draw(stage, aside, { truth, widest, yticks }, numbers) {
    const [chains, steps] = [numbers.exact.length, numbers.exact[0].length];
    const times = Array.from({ length: steps }, (_, t) => t + 1);
    numbers.exact.forEach((_, m) => {
      const [top, bottom] = [60 + (m * 265) / chains, 18 + ((m + 1) * 265) / chains];
      const { X, area, curve } = axes(stage, { box: [50, top, 610, bottom], x: [1, steps], y: [0, 1], open: true,
        ylabel: `p(chain ${m + 1} on | x)`, yticks: [0, 1], xlabel: m === chains - 1 ? "time t" : "" });
      (truth?.[m] || []).forEach((on, t) => {
        if (on) line(stage, "axis thick", `M${X(Math.max(t + 0.6, 1))},${bottom + 10}H${X(Math.min(t + 1.4, steps))}`);
      });
      area("p", times, numbers.exact[m]);
      for (const family of ["structured", "factorised"]) curve(family, times, numbers[family][m]);
    });
    legend(stage, 50, 22, [["p", "exact", true], ["structured", "structured"], ["factorised", "factorised"]]);
    if (truth) write(stage, 610, 22, "▬ truly on", "end");
    const { Y, level } = axes(aside, { box: [680, 60, 895, 285], x: [0, 2], y: [-widest, 0], ylabel: "nats below log p(x)", yticks });
    level("evidence", 0);
    ["structured", "factorised"].forEach((family, i) => {
      const [x, gap] = [733 + 112 * i, numbers[`${family}_gap`]];
      bar(aside, "kl", x - 30, 60, 60, Y(-gap) - 60);
      write(aside, x, 84, number(gap), "mid");
      write(aside, x, 310, family, "mid");
    });
  },

  describe: ({ log_evidence, structured_elbo, factorised_elbo, structured_gap, factorised_gap }) =>
    `Log evidence ${number(log_evidence)}. Independent chains (structured): ELBO ${number(structured_elbo)}, ` +
    `${number(structured_gap)} nats too low. All variables independent (factorised): ELBO ` +
    `${number(factorised_elbo)}, ${number(factorised_gap)} nats too low.`,
};
