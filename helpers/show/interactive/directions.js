// Both directions of the KL, as functions of q's mean at the chosen width.
import { bound, normal } from "./bounds.js";
import { axes, cutMark, legend, number, spread } from "./drawing.js";
import { grabbing } from "./grab.js";
import { dragged, hills } from "./hills.js";

const FRAME = { box: [30, 50, 550, 290], x: [-6, 6] };
const MOST = 8; // nats drawn

export const figure = {
  split: 580,
  extras: [grabbing],
  drag: dragged(FRAME),

  compute({ log_joint, grid, means }, { target, mean, sd }) {
    const table = log_joint[target];
    const at = (mean) => bound(table, normal(table, grid, { mean, sd }), grid.spacing);
    const along = means.map(at);
    return { ...at(mean), kl_by_mean: along.map(({ kl }) => kl), reverse_by_mean: along.map(({ reverse_kl }) => reverse_kl) };
  },

  draw(stage, aside, { grid, top, means }, numbers, settings) {
    hills(stage, { ...FRAME, y: [0, top] }, spread(grid.low, -grid.low, numbers.p.length), numbers.p, settings);
    const { curve, spot } = axes(aside, {
      box: [620, 50, 890, 290], x: [means[0], means.at(-1)], y: [0, MOST],
      xlabel: "mean of q", xticks: [-4, -2, 0, 2, 4], yticks: [0, 2, 4, 6, 8],
    });
    legend(aside, 590, 24, [["klline", "KL(q‖p)"], ["reverseline", "KL(p‖q)"]]);
    const { kl_by_mean, kl, reverse_by_mean, reverse_kl } = numbers;
    [
      ["klline", "kldot", "KL(q‖p)", kl_by_mean, kl],
      ["reverseline", "reversedot", "KL(p‖q)", reverse_by_mean, reverse_kl],
    ].forEach(([look, end, name, along, here], i) => {
      curve(look, means, along);
      if (here <= MOST) spot(end, settings.mean, here);
      cutMark(aside, 885, 68 + 24 * i, here > MOST && `${name} ${number(here)}`);
    });
  },

  describe: ({ kl, reverse_kl }, { mean, sd }) =>
    `With mean ${number(mean)} and standard deviation ${number(sd)}: KL(q‖p) = ${number(kl)} nats, which ` +
    `punishes q where p has nothing; KL(p‖q) = ${number(reverse_kl)}, which punishes q for missing any of p.`,
};
