// Both directions of the KL, as functions of q's mean at the chosen width.
import { across, densities } from "./densities.js";
import { axes, cutMark, draw, legend, line, logs, number, path, set } from "./drawing.js";
import { grabbing } from "./grab.js";
import { dragged } from "./hills.js";
import { normalGap } from "./quadrature.js";

const MOST = 8; // nats drawn

export const figure = {
  size: [900, 340],
  split: 580,
  extras: [grabbing],
  drag: ([x], grip, settings, data) => dragged(across(data, x), grip, settings),

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
    const curves = densities(stage, data);
    const { X, Y, path, pane } = axes(stage.aside, {
      box: [620, 50, 890, 290], x: [data.means[0], data.means.at(-1)], y: [0, MOST],
      xlabel: "mean of q", xticks: [-4, -2, 0, 2, 4], yticks: [0, 2, 4, 6, 8],
    });
    legend(stage.aside, 590, 24, [["klline", "KL(q‖p)"], ["reverseline", "KL(p‖q)"]]);
    const parts = [["klline", "kldot"], ["reverseline", "reversedot"]].map(([look, dot]) =>
      [line(pane, look), draw(pane, "circle", { class: dot, r: 8 })]);
    const cuts = [68, 92].map((y) => cutMark(stage.aside, 885, y));
    return (numbers, settings) => {
      curves(numbers, settings);
      const tables = [[numbers.kl_by_mean, numbers.kl], [numbers.reverse_by_mean, numbers.reverse_kl]];
      tables.forEach(([table, here], i) => {
        set(parts[i][0], { d: path(data.means, table) });
        set(parts[i][1], here > MOST ? { r: 0 } : { cx: X(settings.mean), cy: Y(here), r: 8 });
        cuts[i](here > MOST ? `${i ? "KL(p‖q)" : "KL(q‖p)"} ${number(here)}` : "");
      });
    };
  },

  describe: ({ kl, reverse_kl }, { mean, sd }) =>
    `With mean ${number(mean)} and standard deviation ${number(sd)}: KL(q‖p) = ${number(kl)} nats, which ` +
    `punishes q where p has nothing; KL(p‖q) = ${number(reverse_kl)}, which punishes q for missing any of p.`,
};
