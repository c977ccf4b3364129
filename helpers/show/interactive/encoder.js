// The two gaps of amortised inference: a line through dots that a hand places, against a curve.
import { axes, cutMark, draw, legend, line, number, set, write } from "./drawing.js";
import { grabbing } from "./grab.js";

const DOTS = ["first", "second", "third"];
const MOST = 4; // nats drawn
const index = (x) => Math.round((x + 4) * 10);
const average = (values) => values.reduce((a, b) => a + b, 0) / values.length;

export const figure = {
  size: [900, 340],
  split: 590,
  extras: [grabbing],
  drag: ([x], grip) => ({ [grip]: Math.round((-4 + (x - 60) / 61.25) * 10) / 10 }),

  compute({ table, noise }, { x, ...dots }) {
    const places = DOTS.map((name) => dots[name]);
    const [means, sds] = [2, 3].map((column) => places.map((place) => table[index(place)][column]));
    const offset = places.map((place) => place - average(places));
    const rise = average(offset.map((d, i) => d * means[i])) / Math.max(average(offset.map((d) => d * d)), 1e-9 / 3);
    const mean = average(means) + rise * (x - average(places));
    const [m2, s2] = [mean ** 2, average(sds) ** 2];
    const sixth = m2 ** 3 + 15 * m2 ** 2 * s2 + 45 * m2 * s2 ** 2 + 15 * s2 ** 3;
    const misfit = (x * x - x * mean * (m2 + 3 * s2) + sixth / 4) / noise ** 2;
    const elbo = -0.5 * (m2 + s2 + misfit - 1) + Math.log(average(sds) / noise) - 0.5 * Math.log(2 * Math.PI);
    const [log_evidence, best] = table[index(x)];
    return { family_gap: log_evidence - best, network_gap: best - elbo, log_evidence, elbo, mean, rise };
  },

  build(stage, data) {
    const { X, Y, path, pane } = axes(stage, { box: [60, 50, 550, 290], x: [-4, 4], y: [-2.5, 2.5], xlabel: "x",
      xticks: [-4, -2, 0, 2, 4], yticks: [-2, 0, 2] });
    const xs = data.table.map((_, i) => -4 + i / 10);
    line(pane, "q", path(xs, data.table.map((row) => row[2])));
    const network = line(pane, "network");
    const misses = line(pane, "klline");
    const here = draw(pane, "circle", { class: "networkdot", r: 8 });
    const dots = DOTS.map((grip) => draw(stage, "circle", { class: "qdot grip", r: 12, "data-grip": grip }));
    legend(stage, 60, 24, [["q", "best mean of q"], ["network", "encoder, fitted to the dots"]]);
    const frame = axes(stage.aside, { box: [650, 50, 890, 290], x: [0, 1], y: [0, MOST], ylabel: "nats below log p(x)", yticks: [0, 1, 2, 3, 4] });
    const bars = ["kl", "klopen"].map((look) => draw(frame.pane, "rect", { class: look, x: 665, width: 56 }));
    const names = ["family’s gap", "encoder’s gap"].map((name) => write(stage.aside, 730, 0, name));
    const cut = cutMark(stage.aside, 890, 70);
    return ({ family_gap, network_gap, mean, rise }, settings) => {
      set(network, { d: path([-4, 4], [-4, 4].map((x) => mean + rise * (x - settings.x))) });
      set(misses, { d: path([settings.x, settings.x], [data.table[index(settings.x)][2], mean]) });
      set(here, { cx: X(settings.x), cy: Y(mean) });
      DOTS.forEach((name, i) => set(dots[i], { cx: X(settings[name]), cy: Y(data.table[index(settings[name])][2]) }));
      const [middle, top] = [frame.Y(family_gap), frame.Y(Math.min(family_gap + network_gap, 99))];
      set(bars[0], { y: middle, height: 290 - middle });
      set(bars[1], { y: top, height: Math.max(middle - top, 0) });
      [[family_gap, 284], [network_gap, Math.max(Math.min((middle + top) / 2, 255), 100)]].forEach(([gap, y], i) => {
        set(names[i], { y }).textContent = `${["family", "encoder"][i]} ${number(gap)}`;
      });
      cut(family_gap + network_gap > MOST ? "higher" : "");
    };
  },

  describe: ({ family_gap, network_gap, log_evidence, elbo }, { x }) =>
    `At x = ${number(x, 1)}: ELBO of the encoder ${number(elbo)} + its own gap ${number(network_gap)} + the family’s gap ` +
    `${number(family_gap)} = log p(x) ${number(log_evidence)}. A q fitted to this x alone would lose only the family’s.`,
};
