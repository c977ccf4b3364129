// Jensen's inequality: the ratio u = p(x, z) / q(z) under the logarithm, its mean and its chord.
import { column } from "./column.js";
import { axes, cutMark, draw, line, logs, number, path, set, write } from "./drawing.js";

export const figure = {
  size: [900, 340],
  split: 560,

  compute(data, settings) {
    const logJoint = logs(data.log_joint);
    const q = data.means ? bell(data, settings) : [1 - settings.second, settings.second];
    const held = q.map((_, i) => i).filter((i) => q[i] > 0);
    const mean = held.reduce((sum, i) => sum + Math.exp(logJoint[i]), 0);
    const elbo = held.reduce((sum, i) => sum + q[i] * (logJoint[i] - Math.log(q[i])), 0);
    const ratios = q.map((mass, i) => (mass > 0 ? Math.exp(logJoint[i] - Math.log(mass)) : Infinity));
    return { mean_ratio: mean, log_evidence: Math.log(mean), elbo, kl: Math.log(mean) - elbo, ratios, q };
  },

  build(stage, data) {
    const [least, most] = [data.us[0], data.us.at(-1)];
    const [low, high] = [Math.log(least), Math.log(1.2 * most)];
    const { X, Y, path, pane } = axes(stage, {
      box: [60, 50, 550, 290], x: [0, most], y: [low, high], xlabel: "u = p(x, z) / q(z)", ylabel: "log u",
      xticks: data.xticks, yticks: data.yticks,
    });
    line(pane, "axis thick", path(data.us, data.us.map(Math.log)));
    const chord = line(pane, "q");
    const dots = data.log_joint.map(() => draw(pane, "circle", { class: "qbar" }));
    const [over, gap] = ["evidence", "klline"].map((look) => line(pane, look));
    const balls = ["evidencedot", "elbodot"].map((look) => draw(pane, "circle", { class: look, r: 8 }));
    const x = X(data.evidence);
    const names = ["log E[u] = log p(x)", "E[log u] = ELBO"].map((name, i) => write(stage, i ? x + 16 : 545, 0, name, i ? "" : "end"));
    const cut = cutMark(stage, 550, 24);
    const bars = column(stage.aside, { x: 573, top: 50, bottom: 290, ceiling: Math.log(data.evidence) });
    return ({ elbo, log_evidence, ratios, q }) => {
      ratios.forEach((u, i) => {
        const r = q[i] > 1e-4 && isFinite(u) ? 4 + data.grain * Math.sqrt(q[i]) : 0;
        set(dots[i], r ? { cx: Math.min(X(u), 9999), cy: Y(Math.log(u)), r } : { r });
      });
      set(over, { d: `M60,${Y(log_evidence)}H550` });
      set(gap, { d: path([data.evidence, data.evidence], [log_evidence, elbo]) });
      [log_evidence, elbo].forEach((v, i) => {
        set(balls[i], { cx: x, cy: Math.min(Y(v), 9999) });
        set(names[i], { y: Y(v) + (i ? 26 : -12), opacity: v < low ? 0 : 1 });
      });
      if (!data.means) set(chord, { d: path(ratios, ratios.map(Math.log)) });
      const far = data.means ? -1 : ratios.findIndex((u) => u > most);
      cut(elbo < low ? `E[log u] ${number(elbo)}, below` : far < 0 ? "" : `a ball at u = ${number(ratios[far])}, to the right`);
      bars(elbo, log_evidence);
    };
  },

  describe: ({ elbo, kl, log_evidence }, settings, data) =>
    `log E[u] = log p(x) = ${number(log_evidence)}; E[log u] = ELBO = ${number(elbo)}. ` +
    (kl < 0.0005
      ? "All u are equal, for q is the posterior: there is no gap."
      : `The ${data.means ? "mean of log u" : "chord"} lies ${number(kl)} below the curve: KL(q‖p).`),
};

function bell({ low, spacing, log_joint }, { mean, sd }) {
  const weights = log_joint.map((_, i) => Math.exp(-0.5 * ((low + i * spacing - mean) / sd) ** 2));
  const total = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / total);
}
