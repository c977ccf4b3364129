// The gap for one continuous z: q is normal, everything is one quadrature on the data's grid.
import { column } from "./column.js";
import { densities } from "./densities.js";
import { logs, number } from "./drawing.js";
import { normalGap } from "./quadrature.js";

export const figure = {
  size: [900, 380],

  compute: (data, { target = 0, mean, sd }) => normalGap(logs(data.log_joint[target]), data.grid, mean, sd),

  build(stage, data) {
    const curves = densities(stage, data, [30, 30, 590, 320]);
    const bars = column(stage, { x: 640, width: 70, top: 40, bottom: 320, floor: data.floor, ceiling: data.ceiling });
    return (numbers) => {
      curves(numbers);
      bars(numbers.elbo, numbers.log_evidence);
    };
  },

  describe: ({ elbo, kl, log_evidence, reverse_kl }, settings, data) =>
    `ELBO ${number(elbo)} + KL(q‖p) ${number(kl)} = log evidence ${number(log_evidence)} nats. ` +
    (kl < 0.005 ? "q is the posterior: the gap is closed. " : `The bound is ${number(kl)} nats too low. `) +
    `The other way round, KL(p‖q) is ${number(reverse_kl)}.` + (data.warning ? ` ${data.warning}` : ""),
};
