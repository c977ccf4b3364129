// Jensen's inequality: the ratio u = p(x, z) / q(z) under the logarithm, its mean and its chord.
import { column } from "./column.js";
import { axes, clamp, draw, logs, number, path, set } from "./drawing.js";

export const figure = {
  size: [900, 400],

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
    const [left, top, right, bottom] = [60, 30, 600, 345];
    const [least, most] = [data.us[0], data.us.at(-1)];
    const [low, high] = [Math.log(least), Math.log(1.2 * most)];
    const { X, Y } = axes(stage, {
      box: [left, top, right, bottom], x: [0, most], y: [low, high], xlabel: "u = p(x, z) / q(z)", ylabel: "log u",
      xticks: data.xticks, yticks: data.yticks,
    });
    draw(stage, "path", { class: "axis thick", d: path(X, Y, data.us, data.us.map(Math.log)) });
    const chord = draw(stage, "path", { class: "q" });
    const dots = data.log_joint.map(() => draw(stage, "circle", { class: "qbar" }));
    const [over, gap] = ["evidence", "klline"].map((name) => draw(stage, "path", { class: name }));
    const [above, below] = ["evidencedot", "elbodot"].map((name) => draw(stage, "circle", { class: name, r: 8 }));
    const x = X(data.evidence);
    draw(stage, "text", { x: x + 12, y: bottom - 10 }, "E[u] = p(x), whatever q is");
    const bars = column(stage, { x: 650, width: 70, top: 40, bottom: 345, floor: low, ceiling: Math.log(data.evidence) });
    return ({ elbo, log_evidence, ratios, q }) => {
      const y = (v) => clamp(Y(v), top, bottom);
      ratios.forEach((u, i) => {
        const seen = u > least && u <= most && q[i] > 1e-4;
        const r = seen ? 4 + data.grain * Math.sqrt(q[i]) : 0;
        set(dots[i], r ? { cx: X(u), cy: Y(Math.log(u)), r } : { r });
      });
      set(over, { d: `M${left},${Y(log_evidence)}H${right}` });
      set(gap, { d: `M${x},${Y(log_evidence)}V${y(elbo)}` });
      set(above, { cx: x, cy: Y(log_evidence) });
      set(below, { cx: x, cy: y(elbo) });
      if (!data.means) set(chord, { d: cut(X, y, ratios, most) });
      bars(elbo, log_evidence);
    };
  },

  describe: ({ elbo, kl, log_evidence }, settings, data) =>
    `log E[u] = log p(x) = ${number(log_evidence)}; E[log u] = ELBO = ${number(elbo)}. ` +
    (kl < 0.0005
      ? "All u are equal, for q is the posterior: there is no gap."
      : `The ${data.means ? "mean of log u" : "chord"} lies ${number(kl)} below the curve: KL(q‖p).`),
};

// The chord between two points, up to the right end of the axis.
function cut(X, y, [a, b], most) {
  const [low, high] = a < b ? [a, b] : [b, a];
  if (high - low < 1e-12) return "";
  const end = Math.min(high, most);
  const level = Math.log(low) + ((end - low) / (high - low)) * (Math.log(high) - Math.log(low));
  return `M${X(low)},${y(Math.log(low))}L${X(end)},${y(level)}`;
}

function bell({ low, spacing, log_joint }, { mean, sd }) {
  const weights = log_joint.map((_, i) => Math.exp(-0.5 * ((low + i * spacing - mean) / sd) ** 2));
  const total = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / total);
}
