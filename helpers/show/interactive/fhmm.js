// A factorial HMM: marginals of each chain under three posteriors, and what two of them cost.
import { axes, draw, number, set } from "./drawing.js";

const LINES = ["p", "structured", "factorised"]; // p: the exact posterior

export const figure = {
  size: [900, 410],

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
    const high = 350 / chains - 55;
    const panels = data.curves[0][0].map((_, m) => {
      const top = 50 + (m * 350) / chains;
      const frame = axes(stage, { box: [50, top, 610, top + high], x: [1, steps], y: [0, 1], yticks: [0, 1],
        ylabel: `p(chain ${m + 1} on | x)`, xlabel: m === chains - 1 ? "time t" : "" });
      for (const [t, on] of (data.truth ? data.truth[m] : []).entries()) {
        if (on) draw(stage, "path", { class: "axis thick", d: `M${frame.X(Math.max(t + 0.6, 1))},${top + high + 10}H${frame.X(Math.min(t + 1.4, steps))}` });
      }
      return [frame, LINES.map((name) => draw(stage, "path", { class: name }))];
    });
    LINES.forEach((name, i) => {
      draw(stage, "path", { class: name, d: `M${120 + 165 * i},12h32` });
      draw(stage, "text", { x: 160 + 165 * i, y: 18 }, ["exact", "structured", "factorised"][i]);
    });
    const frame = axes(stage, { box: [680, 50, 895, 345], x: [0, 2], y: [-data.widest, 0], ylabel: "nats below log p(x)",
      yticks: [0, -data.widest / 2, -data.widest].map((v) => Math.round(v * 10) / 10) });
    draw(stage, "path", { class: "evidence", d: `M680,${frame.Y(0)}H895` });
    const bars = ["structured", "factorised"].map((name, i) => {
      draw(stage, "text", { x: 733 + 112 * i, y: 370, class: "mid" }, name);
      return [draw(stage, "rect", { class: "kl", x: 703 + 112 * i, width: 60, y: 50 }),
              draw(stage, "text", { x: 733 + 112 * i, class: "mid" })];
    });
    return (numbers) => {
      const times = Array.from({ length: steps }, (_, t) => t + 1);
      panels.forEach(([panel, lines], m) =>
        [numbers.exact, numbers.structured, numbers.factorised].forEach((table, i) => {
          const end = i ? "" : `L${panel.X(steps)},${panel.Y(0)}L${panel.X(1)},${panel.Y(0)}Z`;
          set(lines[i], { d: panel.path(times, table[m]) + end });
        }));
      [numbers.structured_gap, numbers.factorised_gap].forEach((gap, i) => {
        set(bars[i][0], { height: Math.max(frame.Y(-gap) - 50, 0) });
        set(bars[i][1], { y: frame.Y(-gap) + 22 }).textContent = number(gap);
      });
    };
  },

  describe: ({ log_evidence, structured_elbo, factorised_elbo, structured_gap, factorised_gap }) =>
    `Log evidence ${number(log_evidence)}. Independent chains (structured): ELBO ${number(structured_elbo)}, ` +
    `${number(structured_gap)} nats too low. All variables independent (factorised): ELBO ` +
    `${number(factorised_elbo)}, ${number(factorised_gap)} nats too low.`,
};
