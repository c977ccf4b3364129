// EM on one parameter: the bound touches the likelihood (E), its top is the next value (M).
import { column } from "./column.js";
import { axes, cutMark, draw, legend, line, number, path, set } from "./drawing.js";
import { player } from "./player.js";

export const figure = {
  size: [900, 340],
  split: 538,
  player,

  compute(data, { start, step }) {
    const [theta, evidence, ...bound] = data.runs[start][step];
    const elbo = bound[0] + bound[1] * theta + bound[2] * theta * theta;
    return {
      theta, log_evidence: evidence, elbo, kl: evidence - elbo,
      bound: data.thetas.map((t) => bound[0] + bound[1] * t + bound[2] * t * t),
    };
  },

  build(stage, data) {
    const [low, high] = data.range;
    const { X, Y, path, pane } = axes(stage, {
      box: [75, 50, 530, 290], x: [data.thetas[0], data.thetas.at(-1)], y: [low, high],
      xlabel: "parameter θ", ylabel: "nats", xticks: data.xticks, yticks: data.yticks,
    });
    line(pane, "likelihoodline", path(data.thetas, data.log_likelihood));
    const [bound, gap] = ["elboline", "klline"].map((look) => line(pane, look));
    const dots = ["evidencedot", "elbodot"].map((look) => draw(pane, "circle", { class: look, r: 8 }));
    legend(stage, 160, 24, [["elboline", "ELBO(q, θ)"], ["likelihoodline", "log p(x|θ)"]]);
    const cut = cutMark(stage, 530, 284);
    const bars = column(stage.aside, { x: 548, top: 50, bottom: 290, ceiling: data.top, name: "log p(x|θ)" });
    return ({ theta, elbo, log_evidence, bound: values }) => {
      set(bound, { d: path(data.thetas, values) });
      set(gap, { d: path([theta, theta], [log_evidence, elbo]) });
      set(dots[0], { cx: X(theta), cy: Y(log_evidence) });
      set(dots[1], { cx: X(theta), cy: Y(elbo) });
      cut(elbo < low ? `ELBO ${number(elbo)}, below` : "");
      bars(elbo, log_evidence);
    };
  },

  describe: ({ theta, elbo, kl, log_evidence }, { step }) =>
    (step === 0
      ? "Start: q is a coin flip for every point. "
      : step % 2
        ? "E-step: q is now the posterior, and the bound touches the likelihood. "
        : "M-step: θ moved to the top of the bound; the likelihood rose at least as much. ") +
    `θ = ${number(theta)}: ELBO ${number(elbo)} + KL ${number(kl)} = log likelihood ${number(log_evidence)}.`,
};
