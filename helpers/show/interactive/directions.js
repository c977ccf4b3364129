// Both directions of the KL, as functions of q's mean at the chosen width.
import { densities } from "./densities.js";
import { axes, clamp, draw, logs, number, set } from "./drawing.js";
import { normalGap } from "./quadrature.js";

export const figure = {
  size: [900, 380],

  compute(data, { target = 0, mean, sd }) {
    const logJoint = logs(data.log_joint[target]);
    const at = data.means.map((m) => normalGap(logJoint, data.grid, m, sd));
    return {
      ...normalGap(logJoint, data.grid, mean, sd),
      kl_by_mean: at.map((numbers) => numbers.kl),
      reverse_by_mean: at.map((numbers) => numbers.reverse_kl),
    };
  },

  build(stage, data) {
    const curves = densities(stage, data, [30, 30, 470, 320]);
    const most = 8;
    const { X, Y, path } = axes(stage, {
      box: [550, 30, 890, 320], x: [data.means[0], data.means.at(-1)], y: [0, most],
      xlabel: "mean of q", ylabel: "nats", xticks: [-4, -2, 0, 2, 4], yticks: [0, 2, 4, 6, 8],
    });
    const looks = [["klline", "kldot", "KL(q‖p)"], ["reverseline", "reversedot", "KL(p‖q)"]];
    const parts = looks.map(([line, dot, label], i) => {
      draw(stage, "path", { class: line, d: `M${600 + 155 * i},14h36` });
      draw(stage, "text", { x: 643 + 155 * i, y: 20 }, label);
      return [draw(stage, "path", { class: line }), draw(stage, "circle", { class: dot, r: 8 })];
    });
    return (numbers, { mean }) => {
      curves(numbers);
      const tables = [[numbers.kl_by_mean, numbers.kl], [numbers.reverse_by_mean, numbers.reverse_kl]];
      tables.forEach(([table, here], i) => {
        set(parts[i][0], { d: path(data.means, table.map((v) => clamp(v, 0, most))) });
        set(parts[i][1], { cx: X(mean), cy: Y(clamp(here, 0, most)) });
      });
    };
  },

  describe: ({ kl, reverse_kl }, { mean, sd }) =>
    `With mean ${number(mean)} and standard deviation ${number(sd)}: KL(q‖p) = ${number(kl)} nats, which ` +
    `punishes q where p has nothing; KL(p‖q) = ${number(reverse_kl)}, which punishes q for missing any of p.`,
};
