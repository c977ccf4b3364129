// The gap for a discrete z: p(z | x) and q(z) as bars, state by state.
import { bound } from "./bounds.js";
import { column } from "./column.js";
import { axes, bar, legend, number, sum, write } from "./drawing.js";

// Two binary variables by their conditional probabilities, or any states by weights.
function chosen({ first, second, second_given_first: other = second, ...weights }) {
  const total = sum(Object.values(weights));
  if (total) return Object.values(weights).map((weight) => weight / total);
  return [(1 - first) * (1 - second), (1 - first) * second, first * (1 - other), first * other];
}

export const figure = {
  split: 560,
  compute: ({ log_joint }, settings) => bound(log_joint, chosen(settings).map(Math.log)),

  draw(stage, aside, { states, ceiling }, numbers) {
    const { X, Y } = axes(stage, {
      box: [50, 60, 560, 280], x: [0, states.length], y: [0, 1], ylabel: "probability", yticks: [0, 0.5, 1],
    });
    const wide = 510 / states.length;
    states.forEach((state, i) => {
      state.split("\n").forEach((part, row) => write(stage, X(i + 0.5), 304 + 23 * row, part, "mid"));
      [["p", numbers.p[i], 0.12], ["qbar", numbers.q[i], 0.52]].forEach(([look, mass, share]) => {
        bar(stage, look, X(i + share), Y(mass), wide * 0.36, 280 - Y(mass));
        write(stage, X(i + share + 0.18), Y(mass) - 6, number(mass), "mid");
      });
    });
    legend(stage, 220, 24, [["p", "posterior p(z|x)", true], ["qbar", "q(z)", true]]);
    column(aside, { ceiling }, numbers);
  },

  describe: ({ elbo, kl, log_evidence, expected_log_joint, entropy }) =>
    `ELBO ${number(elbo)} (expected log joint ${number(expected_log_joint)} + entropy ${number(entropy)})` +
    ` + KL(q‖p) ${number(kl)} = log evidence ${number(log_evidence)} nats. ` +
    (kl < 0.0005 ? "q is the posterior: the gap is closed." : `The bound is ${number(kl)} nats too low.`),
};
