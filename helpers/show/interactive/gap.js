// The gap for one continuous z: q is normal, everything is one quadrature on the data's grid.
import { bound, normal } from "./bounds.js";
import { column } from "./column.js";
import { number, spread } from "./drawing.js";
import { climbing, grabbing } from "./grab.js";
import { dragged, hills } from "./hills.js";

const FRAME = { box: [30, 50, 550, 290], x: [-6, 6] };

export const figure = {
  split: 560,
  extras: [grabbing, climbing],
  climbs: "▲ let it climb",
  drag: dragged(FRAME),

  compute({ log_joint, grid }, { target = 0, ...q }) {
    return bound(log_joint[target], normal(log_joint[target], grid, q), grid.spacing);
  },

  draw(stage, aside, { grid, top, ceiling }, numbers, settings) {
    hills(stage, { ...FRAME, y: [0, top] }, spread(grid.low, -grid.low, numbers.p.length), numbers.p, settings);
    column(aside, { ceiling }, numbers);
  },

  describe: ({ elbo, kl, log_evidence, reverse_kl }, settings, data) =>
    `ELBO ${number(elbo)} + KL(q‖p) ${number(kl)} = log evidence ${number(log_evidence)} nats. ` +
    (kl < 0.005 ? "q is the posterior: the gap is closed. " : "") +
    `The other way round, KL(p‖q) is ${number(reverse_kl)}.` + (data.warning ? ` ${data.warning}` : ""),
};
