// Mean field on a correlated normal: an upright q in a slanted p.
import { axes, bar, cutMark, legend, number, write } from "./drawing.js";
import { playing } from "./player.js";

const ANGLES = Array.from({ length: 60 }, (_, i) => (i * Math.PI) / 30);
const [COS, SIN] = [ANGLES.map(Math.cos), ANGLES.map(Math.sin)];

export const figure = {
  size: [900, 350],
  split: 400,
  extras: [playing],

  draw(stage, aside, { numbers, correlations, last }, { mean, sd, elbo }, { correlation, step }) {
    const [rho, until] = [correlations[correlation], step + 1];
    const { curve, spot } = axes(stage, {
      box: [75, 40, 335, 300], x: [-4.2, 4.2], y: [-4.2, 4.2], xlabel: "z₁", ylabel: "z₂",
      xticks: [-2, 0, 2], yticks: [-2, 0, 2],
    });
    for (const r of [1, 2]) {
      curve("p", COS.map((c) => r * c), COS.map((c, i) => r * (rho * c + Math.sqrt(1 - rho * rho) * SIN[i])), "Z");
      curve("q", COS.map((c) => mean[0] + r * sd[0] * c), SIN.map((s) => mean[1] + r * sd[1] * s), "Z");
    }
    const means = numbers.mean[correlation].slice(0, until);
    curve("axis", means.map((at) => at[0]), means.map((at) => at[1]));
    spot("qdot", ...mean, 6);
    legend(stage, 115, 22, [["p", "p(z|x)", true], ["q", "q(z₁) q(z₂)"]]);
    const trace = axes(aside, {
      box: [480, 50, 880, 170], x: [0, last], y: [-5, 0.2], ylabel: "ELBO, nats; log p(x) = 0", yticks: [-4, -2, 0],
    });
    trace.level("evidence", 0);
    const elbos = numbers.elbo[correlation].slice(0, until);
    trace.curve("elboline", elbos.keys(), elbos);
    trace.spot("elbodot", step, elbo, 7);
    cutMark(aside, 875, 164, elbo < -5 && `ELBO ${number(elbo)}, below`);
    [["sd of z₁, true", "p", 1], ["sd of z₁ under q", "qbar", sd[0]]].forEach(([name, look, width], i) => {
      write(aside, 480, 215 + 62 * i, name);
      bar(aside, look, 480, 222 + 62 * i, 300 * width, 24);
      write(aside, 490 + 300 * width, 241 + 62 * i, number(width));
    });
  },

  describe: ({ mean, sd, elbo }, { correlation, step }, data) =>
    `Correlation ${number(data.correlations[correlation])}, ${step} updates: q has mean (${number(mean[0])}, ` +
    `${number(mean[1])}) and standard deviations ${number(sd[0])}, ${number(sd[1])}, where the truth is (0, 0) and 1, 1. ` +
    `The ELBO is ${number(-elbo)} nats below the log evidence.` +
    (step === data.last && Math.abs(mean[0]) > 0.05 ? " The means are still on their way: strong correlation makes small steps." : ""),
};
