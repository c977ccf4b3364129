// The gap for one continuous z: q is normal, everything is one quadrature on the data's grid.
import { column } from "./column.js";
import { across, densities } from "./densities.js";
import { logs, number } from "./drawing.js";
import { climbing, grabbing } from "./grab.js";
import { dragged } from "./hills.js";
import { normalGap } from "./quadrature.js";

export const figure = {
  size: [900, 340],
  split: 560,
  extras: [grabbing, climbing],
  climbs: "▲ let it climb",
  drag: ([x], grip, settings, data) => dragged(across(data, x), grip, settings),
  compute: (data, { target = 0, mean, sd }) => normalGap(logs(data.log_joint[target]), data.grid, mean, sd),

  build(stage, data) {
    const curves = densities(stage, data);
    const bars = column(stage.aside, { x: 573, top: 50, bottom: 290, ceiling: data.ceiling });
    return (numbers, settings) => {
      curves(numbers, settings);
      bars(numbers.elbo, numbers.log_evidence);
    };
  },

  describe: ({ elbo, kl, log_evidence, reverse_kl }, settings, data) =>
    `ELBO ${number(elbo)} + KL(q‖p) ${number(kl)} = log evidence ${number(log_evidence)} nats. ` +
    (kl < 0.005 ? "q is the posterior: the gap is closed. " : "") +
    `The other way round, KL(p‖q) is ${number(reverse_kl)}.` + (data.warning ? ` ${data.warning}` : ""),
};
