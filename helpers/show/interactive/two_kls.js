// The KL from the prior and the KL from the posterior, while q is trained.
import { axes, clamp, draw, line, number, set, write } from "./drawing.js";
import { climbing, grabbing } from "./grab.js";
import { bell, dragged, hill } from "./hills.js";

const divergence = (m, s, mean, sd) => Math.log(sd / s) + (s * s + (m - mean) ** 2) / (2 * sd * sd) - 0.5;
const [LEFT, RIGHT] = [-3, 4];

export const figure = {
  size: [900, 344],
  split: 500,
  extras: [grabbing, climbing],
  climbs: "▲ train q",
  drag: ([x], grip, settings) => dragged(LEFT + ((x - 30) / 450) * (RIGHT - LEFT), grip, settings),

  compute({ noise }, { x, mean, sd }) {
    const variance = 1 / (1 + 1 / noise ** 2);
    const [centre, width] = [(variance * x) / noise ** 2, Math.sqrt(variance)];
    const log_evidence = Math.log(bell(x, 0, Math.sqrt(1 + noise ** 2)));
    const fit = Math.log(bell(x, mean, noise)) - 0.5 * (sd / noise) ** 2;
    const [kl_prior, kl] = [divergence(mean, sd, 0, 1), divergence(mean, sd, centre, width)];
    return { fit, kl_prior, kl, elbo: fit - kl_prior, log_evidence, posterior_mean: centre, posterior_sd: width };
  },

  build(stage, data) {
    const top = 1.1;
    const frame = axes(stage, { box: [30, 50, 480, 294], x: [LEFT, RIGHT], y: [0, top], xlabel: "z", xticks: [-2, 0, 2, 4] });
    const zs = Array.from({ length: 141 }, (_, i) => LEFT + i / 20);
    const curve = (mean, sd) => frame.path(zs, zs.map((z) => bell(z, mean, sd)));
    const posterior = line(stage, "p");
    draw(stage, "path", { class: "prior", d: curve(0, 1) });
    const q = hill(stage, frame, [LEFT, RIGHT], top);
    [["prior", 30, "prior p(z)"], ["p", 180, "posterior p(z|x)"], ["q", 388, "q(z)"]].forEach(([look, x, name]) => {
      line(stage, look, `M${x},20h30`);
      write(stage, x + 36, 26, name);
    });
    const floor = data.floor;
    const { Y } = axes(stage.aside, { box: [555, 50, 895, 294], x: [0, 1], y: [floor, 0], yticks: data.yticks, ylabel: "nats" });
    const bars = [["elbo", 570], ["kl", 570], ["likelihoodbar", 735], ["priorbar", 735]].map(([look, x]) =>
      draw(stage.aside, "rect", { class: look, x, width: 50 }));
    const lines = ["evidence", "elboline"].map((look) => line(stage.aside, look));
    const cut = write(stage.aside, 690, 295, "≈ cut ≈", "mid");
    const notes = [[626, "ELBO"], [626, "KL(q‖p(z|x))"], [791, "fit"], [791, "KL(q‖p(z))"]].map(([x, name]) =>
      [draw(stage.aside, "text", { x }, name), draw(stage.aside, "text", { x })]);
    write(stage.aside, 570, 320, "bound and gap");
    write(stage.aside, 735, 320, "fit and price");
    return (numbers, { mean, sd }) => {
      const { fit, kl_prior, kl, elbo, log_evidence, posterior_mean, posterior_sd } = numbers;
      q(mean, sd);
      set(posterior, { d: `${curve(posterior_mean, posterior_sd)}V294H30Z` });
      const y = (v) => Y(clamp(v, floor, 0));
      [[elbo, floor], [log_evidence, elbo], [fit, floor], [fit, elbo]].forEach(([upper, lower], i) =>
        set(bars[i], { y: y(upper), height: Math.max(y(lower) - y(upper), 0) }));
      set(lines[0], { d: `M555,${y(log_evidence)}H895` });
      set(lines[1], { d: `M570,${y(elbo)}H785` });
      const [level, bound, best] = [log_evidence, elbo, fit].map(y);
      const below = Math.min(bound + 24, 272);
      const gap = bound - level > 55 ? (level + bound) / 2 - 4 : level - 32;
      const price = bound - best > 55 && fit < log_evidence ? (best + bound) / 2 - 4 : Math.min(best, level) - 32;
      [[elbo, below], [kl, gap], [fit, below], [kl_prior, price]].forEach(([value, at], i) => {
        notes[i].forEach((note, line) => set(note, { y: at + 23 * line }));
        notes[i][1].textContent = number(value);
      });
      set(cut, { opacity: elbo < floor ? 1 : 0 });
    };
  },

  describe: ({ fit, kl_prior, kl, elbo, log_evidence }) =>
    `The fit E[log p(x|z)] ${number(fit)} − KL(q‖prior) ${number(kl_prior)} = ELBO ${number(elbo)}; ` +
    `ELBO + KL(q‖posterior) ${number(kl)} = log p(x) ${number(log_evidence)}, whatever q is.`,
};
