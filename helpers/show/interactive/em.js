// EM on one parameter: the bound touches the likelihood (E), its top is the next value (M).
import { column } from "./column.js";
import { axes, cutMark, legend, number } from "./drawing.js";
import { playing } from "./player.js";

export const figure = {
  split: 538,
  extras: [playing],

  draw(stage, aside, { thetas, log_likelihood, range, top, xticks, yticks }, numbers) {
    const { theta, elbo, log_evidence, parabola: [c0, c1, c2] } = numbers;
    const { curve, spot } = axes(stage, {
      box: [75, 50, 530, 290], x: [thetas[0], thetas.at(-1)], y: range, xlabel: "parameter θ", ylabel: "nats", xticks, yticks,
    });
    curve("likelihoodline", thetas, log_likelihood);
    curve("elboline", thetas, (t) => c0 + c1 * t + c2 * t * t);
    curve("klline", [theta, theta], [log_evidence, elbo]);
    spot("evidencedot", theta, log_evidence);
    spot("elbodot", theta, elbo);
    legend(stage, 160, 24, [["elboline", "ELBO(q, θ)"], ["likelihoodline", "log p(x|θ)"]]);
    cutMark(stage, 530, 284, elbo < range[0] && `ELBO ${number(elbo)}, below`);
    column(aside, { x: 548, ceiling: top, name: "log p(x|θ)" }, numbers);
  },

  describe: ({ theta, elbo, kl, log_evidence }, { step }) =>
    (step === 0
      ? "Start: q is a coin flip for every point. "
      : step % 2
        ? "E-step: q is now the posterior, and the bound touches the likelihood. "
        : "M-step: θ moved to the top of the bound; the likelihood rose at least as much. ") +
    `θ = ${number(theta)}: ELBO ${number(elbo)} + KL ${number(kl)} = log likelihood ${number(log_evidence)}.`,
};
