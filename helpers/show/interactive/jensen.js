// Jensen's inequality: the ratio u = p(x, z) / q(z) under the logarithm, its mean and its chord.
import { bound, normal } from "./bounds.js";
import { column } from "./column.js";
import { axes, cutMark, dot, line, number, write } from "./drawing.js";

export const figure = {
  split: 560,

  compute({ log_joint, grid }, settings) {
    if (grid) return bound(log_joint, normal(log_joint, grid, settings), grid.spacing);
    return bound(log_joint, [1 - settings.second, settings.second].map(Math.log));
  },

  draw(stage, aside, { log_joint, grid, grain, us, evidence, xticks, yticks }, numbers) {
    const { elbo, log_evidence } = numbers;
    const masses = numbers.q.map((v) => v * (grid ? grid.spacing : 1));
    const most = us.at(-1);
    const [low, high] = [Math.log(us[0]), Math.log(1.2 * most)];
    const { X, Y, path, pane } = axes(stage, {
      box: [60, 50, 550, 290], x: [0, most], y: [low, high], xlabel: "u = p(x, z) / q(z)", ylabel: "log u", xticks, yticks,
    });
    const ratios = numbers.q.map((density, i) => Math.exp(log_joint[i] - Math.log(density)));
    line(pane, "axis thick", path(us, us.map(Math.log)));
    if (!grid) line(pane, "q", path(ratios, ratios.map(Math.log)));
    ratios.forEach((u, i) => {
      if (masses[i] > 1e-4) dot(pane, "qbar", Math.min(X(u), 9999), Y(Math.log(u)), 4 + grain * Math.sqrt(masses[i]));
    });
    line(pane, "evidence", `M60,${Y(log_evidence)}H550`);
    line(pane, "klline", path([evidence, evidence], [log_evidence, elbo]));
    const x = X(evidence);
    const marks = [[log_evidence, "evidencedot", "log E[u] = log p(x)", 545, -12, "end"], [elbo, "elbodot", "E[log u] = ELBO", x + 16, 26, ""]];
    for (const [value, look, name, left, up, end] of marks) {
      dot(pane, look, x, Math.min(Y(value), 9999));
      if (value >= low) write(stage, left, Y(value) + up, name, end);
    }
    const far = grid ? undefined : ratios.find((u) => u > most);
    cutMark(stage, 550, 24, elbo < low ? `E[log u] ${number(elbo)}, below` : far && `a ball at u = ${number(far)}, to the right`);
    column(aside, { ceiling: Math.log(evidence) }, numbers);
  },

  describe: ({ elbo, kl, log_evidence }, settings, { grid }) =>
    `log E[u] = log p(x) = ${number(log_evidence)}; E[log u] = ELBO = ${number(elbo)}. ` +
    (kl < 0.0005
      ? "All u are equal, for q is the posterior: there is no gap."
      : `The ${grid ? "mean of log u" : "chord"} lies ${number(kl)} below the curve: KL(q‖p).`),
};
