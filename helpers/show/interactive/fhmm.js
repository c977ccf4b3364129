// A factorial HMM: marginals of each chain under three posteriors, and what two of them cost.
import { axes, draw, legend, line, number, set, write } from "./drawing.js";

const LINES = ["p", "structured", "factorised"]; // p: the exact posterior

export const figure = {
  size: [900, 350],
  split: 625,

  compute(data, { coupling }) {
    const [exact, structured, factorised] = data.curves[coupling];
    const [evidence, chains, single] = data.bounds[coupling];
    return {
      exact, structured, factorised, log_evidence: evidence, structured_elbo: chains, factorised_elbo: single,
      structured_gap: evidence - chains, factorised_gap: evidence - single,
    };
  },

  build(stage, data) {
    const steps = data.curves[0][0][0].length;
    const chains = data.curves[0][0].length;
    const high = 265 / chains - 42;
    const panels = data.curves[0][0].map((_, m) => {
      const top = 60 + (m * 265) / chains;
      const frame = axes(stage, { box: [50, top, 610, top + high], x: [1, steps], y: [0, 1], yticks: [0, 1],
        ylabel: `p(chain ${m + 1} on | x)`, xlabel: m === chains - 1 ? "time t" : "" });
      for (const [t, on] of (data.truth ? data.truth[m] : []).entries()) {
        if (on) line(stage, "axis thick", `M${frame.X(Math.max(t + 0.6, 1))},${top + high + 10}H${frame.X(Math.min(t + 1.4, steps))}`);
      }
      return [frame, LINES.map((name) => line(stage, name))];
    });
    legend(stage, 50, 22, [["p", "exact", true], ["structured", "structured"], ["factorised", "factorised"]]);
    if (data.truth) write(stage, 610, 22, "▬ truly on", "end");
    const frame = axes(stage.aside, { box: [680, 60, 895, 285], x: [0, 2], y: [-data.widest, 0], ylabel: "nats below log p(x)",
      yticks: data.yticks });
    line(stage.aside, "evidence", `M680,${frame.Y(0)}H895`);
    const bars = ["structured", "factorised"].map((name, i) => {
      write(stage.aside, 733 + 112 * i, 310, name, "mid");
      return [draw(stage.aside, "rect", { class: "kl", x: 703 + 112 * i, width: 60, y: 60 }),
              write(stage.aside, 733 + 112 * i, 0, "", "mid")];
    });
    return (numbers) => {
      const times = Array.from({ length: steps }, (_, t) => t + 1);
      panels.forEach(([panel, lines], m) =>
        [numbers.exact, numbers.structured, numbers.factorised].forEach((table, i) => {
          const end = i ? "" : `L${panel.X(steps)},${panel.Y(0)}L${panel.X(1)},${panel.Y(0)}Z`;
          set(lines[i], { d: panel.path(times, table[m]) + end });
        }));
      [numbers.structured_gap, numbers.factorised_gap].forEach((gap, i) => {
        set(bars[i][0], { height: Math.max(frame.Y(-gap) - 60, 0) });
        set(bars[i][1], { y: 84 }).textContent = number(gap);
      });
    };
  },

  describe: ({ log_evidence, structured_elbo, factorised_elbo, structured_gap, factorised_gap }) =>
    `Log evidence ${number(log_evidence)}. Independent chains (structured): ELBO ${number(structured_elbo)}, ` +
    `${number(structured_gap)} nats too low. All variables independent (factorised): ELBO ` +
    `${number(factorised_elbo)}, ${number(factorised_gap)} nats too low.`,
};
