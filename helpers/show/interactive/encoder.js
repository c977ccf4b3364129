// The two gaps of amortised inference: a line through dots that a hand places, against a curve.
import { axes, bar, clamp, cutMark, dot, legend, number, scale, set, spread, sum, write } from "./drawing.js";
import { grabbing } from "./grab.js";

const DOTS = ["first", "second", "third"];
const MOST = 4; // nats drawn
const index = (x) => Math.round((x + 4) * 10);
const average = (values) => sum(values) / values.length;

export const figure = {
  split: 590,
  extras: [grabbing],
  drag: ([x], grip) => ({ [grip]: Math.round(scale(60, 550, -40, 40)(x)) / 10 }),

  compute({ table, noise }, { x, ...dots }) {
    const places = DOTS.map((name) => dots[name]);
    const [means, sds] = [2, 3].map((column) => places.map((place) => table[index(place)][column]));
    const offset = places.map((place) => place - average(places));
    const rise = sum(offset.map((d, i) => d * means[i])) / Math.max(sum(offset.map((d) => d * d)), 1e-9);
    const mean = average(means) + rise * (x - average(places));
    const [m2, s2] = [mean ** 2, average(sds) ** 2];
    const sixth = m2 ** 3 + 15 * m2 ** 2 * s2 + 45 * m2 * s2 ** 2 + 15 * s2 ** 3;
    const misfit = (x * x - x * mean * (m2 + 3 * s2) + sixth / 4) / noise ** 2;
    const elbo = -0.5 * (m2 + s2 + misfit - 1) + Math.log(average(sds) / noise) - 0.5 * Math.log(2 * Math.PI);
    const [log_evidence, best] = table[index(x)];
    return { family_gap: log_evidence - best, network_gap: best - elbo, log_evidence, elbo, mean, rise };
  },

  draw(stage, aside, { table }, { family_gap, network_gap, mean, rise }, settings) {
    const { x } = settings;
    const best = (x) => table[index(x)][2];
    const { X, Y, curve, spot } = axes(stage, { box: [60, 50, 550, 290], x: [-4, 4], y: [-2.5, 2.5], xlabel: "x",
      xticks: [-4, -2, 0, 2, 4], yticks: [-2, 0, 2] });
    curve("q", spread(-4, 4, table.length), best);
    curve("network", [-4, 4], (end) => mean + rise * (end - x));
    curve("klline", [x, x], [best(x), mean]);
    spot("networkdot", x, mean);
    for (const name of DOTS) set(dot(stage, "qdot grip", X(settings[name]), Y(best(settings[name])), 12), { "data-grip": name });
    legend(stage, 60, 24, [["q", "best mean of q"], ["network", "encoder, fitted to the dots"]]);
    const gaps = axes(aside, { box: [650, 50, 890, 290], x: [0, 1], y: [0, MOST], ylabel: "nats below log p(x)", yticks: [0, 1, 2, 3, 4] });
    const both = family_gap + network_gap;
    const [middle, top] = [family_gap, Math.min(both, 99)].map(gaps.Y);
    bar(gaps.pane, "kl", 665, middle, 56, 290 - middle);
    bar(gaps.pane, "klopen", 665, top, 56, middle - top);
    write(aside, 730, 284, `family ${number(family_gap)}`);
    write(aside, 730, clamp((middle + top) / 2, 100, 255), `encoder ${number(network_gap)}`);
    cutMark(aside, 890, 70, both > MOST && "higher");
  },

  describe: ({ family_gap, network_gap, log_evidence, elbo }, { x }) =>
    `At x = ${number(x, 1)}: ELBO of the encoder ${number(elbo)} + its own gap ${number(network_gap)} + the family’s gap ` +
    `${number(family_gap)} = log p(x) ${number(log_evidence)}. A q fitted to this x alone would lose only the family’s.`,
};
