// EM on one parameter: the bound touches the likelihood (E), its top is the next value (M).
import { column } from "./column.js";
import { axes, clamp, draw, number, set } from "./drawing.js";
import { player } from "./player.js";

export const figure = {
  size: [900, 400],
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
    const [left, top, right, bottom] = [75, 30, 580, 340];
    const [low, high] = data.range;
    const { X, Y, path } = axes(stage, {
      box: [left, top, right, bottom], x: [data.thetas[0], data.thetas.at(-1)], y: [low, high],
      xlabel: "parameter θ", ylabel: "nats", xticks: data.xticks, yticks: data.yticks,
    });
    const y = (v) => clamp(v, low, high);
    draw(stage, "path", { class: "likelihoodline", d: path(data.thetas, data.log_likelihood.map(y)) });
    const bound = draw(stage, "path", { class: "elboline" });
    const gap = draw(stage, "path", { class: "klline" });
    const dots = ["evidencedot", "elbodot"].map((name) => draw(stage, "circle", { class: name, r: 8 }));
    draw(stage, "path", { class: "likelihoodline", d: "M440,20h36" });
    draw(stage, "text", { x: 485, y: 26 }, "log p(x|θ)");
    draw(stage, "path", { class: "elboline", d: "M240,20h36" });
    draw(stage, "text", { x: 285, y: 26 }, "ELBO(q, θ)");
    const bars = column(stage, { x: 605, width: 60, top: 45, bottom: 340, floor: low, ceiling: high, name: "log p(x|θ)" });
    return ({ theta, elbo, log_evidence, bound: values }) => {
      const kept = data.thetas.filter((_, i) => values[i] >= low);
      set(bound, { d: kept.length ? path(kept, values.filter((v) => v >= low).map(y)) : "" });
      set(gap, { d: `M${X(theta)},${Y(y(log_evidence))}V${Y(y(elbo))}` });
      set(dots[0], { cx: X(theta), cy: Y(y(log_evidence)) });
      set(dots[1], { cx: X(theta), cy: Y(y(elbo)) });
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
