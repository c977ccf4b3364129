// The gap for one continuous z: q is normal, everything is one quadrature on the data's grid.
import { column } from "./column.js";
import { axes, clamp, draw, logs, number, set } from "./drawing.js";

export const figure = {
  size: [900, 380],

  compute(data, { target = 0, mean, sd }) {
    const logJoint = logs(data.log_joint[target]);
    const { low, spacing } = data.grid;
    const logQ = logJoint.map((_, i) => -0.5 * ((low + i * spacing - mean) / sd) ** 2);
    const q = normalise(logQ, spacing);
    const p = normalise(logJoint, spacing);
    let [elbo, kl, reverse] = [0, 0, 0];
    for (let i = 0; i < logQ.length; i++) {
      if (q.density[i] > 0) {
        elbo += q.density[i] * (logJoint[i] - q.log[i]) * spacing;
        kl += q.density[i] * (q.log[i] - p.log[i]) * spacing;
      }
      if (p.density[i] > 0) reverse += p.density[i] * (p.log[i] - q.log[i]) * spacing;
    }
    return { log_evidence: p.total, elbo, kl, reverse_kl: reverse, q: q.density, p: p.density };
  },

  build(stage, data) {
    const { low, spacing, shown } = data.grid;
    const z = data.log_joint[0].map((_, i) => low + i * spacing);
    const inside = (values) => values.filter((_, i) => z[i] >= shown[0] && z[i] <= shown[1]);
    const zs = inside(z);
    const top = data.top;
    const { path } = axes(stage, {
      box: [30, 30, 590, 320], x: shown, y: [0, top], xlabel: "z", ylabel: "density",
      xticks: [-6, -4, -2, 0, 2, 4, 6].filter((t) => t >= shown[0] && t <= shown[1]),
    });
    const p = draw(stage, "path", { class: "p" });
    const q = draw(stage, "path", { class: "q" });
    key(stage, 400, 45);
    const bars = column(stage, { x: 640, width: 70, top: 40, bottom: 320, floor: data.floor, ceiling: data.ceiling });
    const line = (values) => path(zs, inside(values).map((v) => clamp(v, 0, top)));
    return (numbers) => {
      set(p, { d: line(numbers.p) + `L590,320L30,320Z` });
      set(q, { d: line(numbers.q) });
      bars(numbers.elbo, numbers.log_evidence);
    };
  },

  describe: ({ elbo, kl, log_evidence, reverse_kl }, settings, data) =>
    `ELBO ${number(elbo)} + KL(q‖p) ${number(kl)} = log evidence ${number(log_evidence)} nats. ` +
    (kl < 0.005 ? "q is the posterior: the gap is closed. " : `The bound is ${number(kl)} nats too low. `) +
    `The other way round, KL(p‖q) is ${number(reverse_kl)}.` + (data.warning ? ` ${data.warning}` : ""),
};

function normalise(logs, spacing) {
  const highest = Math.max(...logs);
  const total = highest + Math.log(logs.reduce((sum, v) => sum + Math.exp(v - highest), 0) * spacing);
  const log = logs.map((v) => v - total);
  return { total, log, density: log.map(Math.exp) };
}

function key(stage, x, y) {
  draw(stage, "rect", { class: "p", x, y: y - 14, width: 34, height: 16 });
  draw(stage, "text", { x: x + 44, y }, "posterior p(z|x)");
  draw(stage, "path", { class: "q", d: `M${x},${y + 20}h34` });
  draw(stage, "text", { x: x + 44, y: y + 26 }, "q(z)");
}
