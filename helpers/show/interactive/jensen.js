// Jensen's inequality: the ratio u = p(x, z) / q(z) under the logarithm, its mean and its chord.
import { bound, normal } from "./bounds.js";
import { column } from "./column.js";
import { axes, cutMark, number, write } from "./drawing.js";

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
    const { X, Y, curve, spot } = axes(stage, {
      box: [60, 50, 550, 290], x: [0, most], y: [low, high], xlabel: "u = p(x, z) / q(z)", ylabel: "log u", xticks, yticks,
    });
    const ratios = numbers.q.map((density, i) => Math.exp(log_joint[i] - Math.log(density)));
    curve("axis thick", us, Math.log);
    if (!grid) curve("q", ratios, Math.log);
    ratios.forEach((u, i) => {
      if (masses[i] > 1e-4) spot("qbar", u, Math.log(u), 4 + grain * Math.sqrt(masses[i]));
    });
    curve("evidence", [0, most], () => log_evidence);
    curve("klline", [evidence, evidence], [log_evidence, elbo]);
    spot("evidencedot", evidence, log_evidence);
    spot("elbodot", evidence, elbo);
    write(stage, 545, Y(log_evidence) - 12, "log E[u] = log p(x)", "end");
    if (elbo >= low) write(stage, X(evidence) + 16, Y(elbo) + 26, "E[log u] = ELBO");
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
