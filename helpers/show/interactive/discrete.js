// The gap for a discrete z: p(z | x) and q(z) as bars, state by state.
import { column } from "./column.js";
import { axes, draw, legend, logs, number, set } from "./drawing.js";

export const figure = {
  size: [900, 340],
  split: 560,

  compute(data, settings) {
    const logJoint = logs(data.log_joint);
    const q = chosen(data, settings);
    const highest = Math.max(...logJoint);
    const evidence = highest + Math.log(logJoint.reduce((sum, v) => sum + Math.exp(v - highest), 0));
    let [expected, entropy, reverse] = [0, 0, 0];
    q.forEach((mass, i) => {
      const p = Math.exp(logJoint[i] - evidence);
      if (mass > 0) {
        expected += mass * logJoint[i];
        entropy -= mass * Math.log(mass);
      }
      if (p > 0) reverse += p * (logJoint[i] - evidence - Math.log(mass));
    });
    const elbo = expected + entropy;
    return {
      log_evidence: evidence, elbo, kl: evidence - elbo, reverse_kl: reverse,
      expected_log_joint: expected, entropy, q, p: logJoint.map((v) => Math.exp(v - evidence)),
    };
  },

  build(stage, data) {
    const states = data.states.length;
    const { Y } = axes(stage, {
      box: [50, 60, 560, 280], x: [0, states], y: [0, 1], ylabel: "probability", yticks: [0, 0.5, 1],
    });
    const wide = 510 / states;
    const bars = data.states.map((state, i) => {
      const x = 50 + wide * (i + 0.5);
      state.split("\n").forEach((part, row) => draw(stage, "text", { x, y: 304 + 23 * row, class: "mid" }, part));
      return [bar(stage, "p", x - wide * 0.38, wide * 0.36), bar(stage, "qbar", x + wide * 0.02, wide * 0.36)];
    });
    legend(stage, 220, 24, [["p", "posterior p(z|x)", true], ["qbar", "q(z)", true]]);
    const bound = column(stage.aside, { x: 573, top: 50, bottom: 290, ceiling: data.ceiling });
    return (numbers) => {
      bars.forEach((pair, i) => [numbers.p, numbers.q].forEach((table, k) => {
        set(pair[k].bar, { y: Y(table[i]), height: 280 - Y(table[i]) });
        set(pair[k].label, { y: Y(table[i]) - 6 }).textContent = number(table[i]);
      }));
      bound(numbers.elbo, numbers.log_evidence);
    };
  },

  describe: ({ elbo, kl, log_evidence, expected_log_joint, entropy }, settings, data) =>
    `ELBO ${number(elbo)} (expected log joint ${number(expected_log_joint)} + entropy ${number(entropy)})` +
    ` + KL(q‖p) ${number(kl)} = log evidence ${number(log_evidence)} nats. ` +
    (kl < 0.0005 ? "q is the posterior: the gap is closed." : `The bound is ${number(kl)} nats too low.`) +
    (data.warning ? ` ${data.warning}` : ""),
};

// Two binary variables by their conditional probabilities, or any states by weights.
function chosen(data, settings) {
  if (data.family === "weights") {
    const weights = data.states.map((_, i) => settings[`weight${i}`]);
    const total = weights.reduce((a, b) => a + b);
    return weights.map((weight) => weight / total);
  }
  const { first, second, second_given_first = second } = settings;
  return [(1 - first) * (1 - second), (1 - first) * second,
          first * (1 - second_given_first), first * second_given_first];
}

function bar(stage, name, x, width) {
  return {
    bar: draw(stage, "rect", { class: name, x, width }),
    label: draw(stage, "text", { x: x + width / 2, class: "mid" }),
  };
}
