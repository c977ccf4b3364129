// The KL from the prior and the KL from the posterior, while q is trained.
import { axes, bar, clamp, legend, line, number, spread, write } from "./drawing.js";
import { climbing, grabbing } from "./grab.js";
import { bell, dragged, hills } from "./hills.js";

const FRAME = { box: [30, 50, 480, 294], x: [-3, 4], y: [0, 1.1] };
const ZS = spread(-3, 4, 141);
const divergence = (m, s, mean, sd) => Math.log(sd / s) + (s * s + (m - mean) ** 2) / (2 * sd * sd) - 0.5;

export const figure = {
  size: [900, 344],
  split: 500,
  extras: [grabbing, climbing],
  climbs: "▲ train q",
  drag: dragged(FRAME),

  compute({ noise }, { x, mean, sd }) {
    const variance = 1 / (1 + 1 / noise ** 2);
    const [centre, width] = [(variance * x) / noise ** 2, Math.sqrt(variance)];
    const log_evidence = Math.log(bell(x, 0, Math.sqrt(1 + noise ** 2)));
    const fit = Math.log(bell(x, mean, noise)) - 0.5 * (sd / noise) ** 2;
    const [kl_prior, kl] = [divergence(mean, sd, 0, 1), divergence(mean, sd, centre, width)];
    return { fit, kl_prior, kl, elbo: fit - kl_prior, log_evidence, posterior_mean: centre, posterior_sd: width };
  },

  draw(stage, aside, { floor, yticks }, { fit, kl_prior, kl, elbo, log_evidence, posterior_mean, posterior_sd }, settings) {
    const { curve } = hills(stage, FRAME, ZS, (z) => bell(z, posterior_mean, posterior_sd), settings);
    curve("prior", ZS, (z) => bell(z, 0, 1));
    legend(stage, 345, 24, [["prior", "prior p(z)"]]);
    const { Y, level } = axes(aside, { box: [555, 50, 895, 294], x: [0, 1], y: [floor, 0], yticks, ylabel: "nats" });
    const y = (v) => Y(clamp(v, floor, 0));
    const part = (look, x, upper, lower) => bar(aside, look, x, y(upper), 50, y(lower) - y(upper));
    part("elbo", 570, elbo, floor);
    part("kl", 570, log_evidence, elbo);
    part("likelihoodbar", 735, fit, floor);
    part("priorbar", 735, fit, elbo);
    level("evidence", clamp(log_evidence, floor, 0));
    line(aside, "elboline", `M570,${y(elbo)}H785`);
    if (elbo < floor) write(aside, 690, 295, "≈ cut ≈", "mid");
    const [highest, bound, best] = [log_evidence, elbo, fit].map(y);
    const below = Math.min(bound + 24, 272);
    const gap = bound - highest > 55 ? (highest + bound) / 2 - 4 : highest - 32;
    const price = bound - best > 55 && fit < log_evidence ? (best + bound) / 2 - 4 : Math.min(best, highest) - 32;
    for (const [x, name, value, at] of [
      [626, "ELBO", elbo, below], [626, "KL(q‖p(z|x))", kl, gap], [791, "fit", fit, below], [791, "KL(q‖p(z))", kl_prior, price],
    ]) {
      write(aside, x, at, name);
      write(aside, x, at + 23, number(value));
    }
    write(aside, 570, 320, "bound and gap");
    write(aside, 735, 320, "fit and price");
  },

  describe: ({ fit, kl_prior, kl, elbo, log_evidence }) =>
    `The fit E[log p(x|z)] ${number(fit)} − KL(q‖prior) ${number(kl_prior)} = ELBO ${number(elbo)}; ` +
    `ELBO + KL(q‖posterior) ${number(kl)} = log p(x) ${number(log_evidence)}, whatever q is.`,
};
