// The gradient of the ELBO by q's mean from draws: score function against pathwise, draw by draw.
import { axes, button, clamp, legend, number, spread, sum, write } from "./drawing.js";
import { grabbing } from "./grab.js";
import { bell, dragged, hills } from "./hills.js";
import { playing } from "./player.js";

const FRAME = { box: [30, 50, 470, 262], x: [-5, 5], y: [0, 0.8] };
const NODES = spread(-8, 8, 801);
// P(0 < e < a) for a standard normal e.
const inner = (a) => (a / 1000) * sum(Array.from({ length: 1000 }, (_, i) => bell(((i + 0.5) * a) / 1000, 0, 1)));
const average = (f) => sum(NODES.map((e) => bell(e, 0, 1) * f(e))) / 50;

function stepping({ buttons, root, settings, go }) {
  for (const name of ["score", "path"]) {
    button(buttons, `↗ ${name}`, () => go({ mean: clamp(settings.mean + settings.size * root.numbers[name], -4, 4) }));
  }
}

export const figure = {
  size: [900, 312],
  split: 500,
  extras: [playing, grabbing, stepping],
  drag: dragged(FRAME),

  compute({ draws: noise, model: [m0, s0, far, blur] }, { mean, sd, draws, baseline }) {
    const gain = (e) => {
      const z = mean + sd * e;
      return (e * e - ((m0 - z) / s0) ** 2 - ((far - Math.abs(z)) / blur) ** 2) / 2 + Math.log((sd / s0 / blur) * bell(0, 0, 1));
    };
    const slope = (z) => (m0 - z) / s0 ** 2 + (far * Math.sign(z) - z) / blur ** 2;
    const weight = (e) => (baseline > 1 ? e * e : 1);
    const constant = baseline && average((e) => gain(e) * weight(e)) / average(weight);
    const used = noise.slice(0, draws);
    const both = { score: used.map((e) => ((gain(e) - constant) * e) / sd), path: used.map((e) => slope(mean + sd * e)) };
    const numbers = { exact: (m0 - mean) / s0 ** 2 + (2 * far * inner(mean / sd) - mean) / blur ** 2 };
    for (const name in both) {
      let total = 0;
      numbers[`${name}_means`] = both[name].map((value, i) => (total += value) / (i + 1));
      numbers[name] = total / draws;
      numbers[`${name}_spread`] = Math.sqrt(sum(both[name].map((value) => (value - total / draws) ** 2)) / (draws - 1));
    }
    return numbers;
  },

  draw(stage, aside, data, numbers, settings) {
    const { draws, mean, sd } = settings;
    hills(stage, FRAME, spread(-5, 5, 201), data.posterior, settings, data.draws.slice(0, draws).map((e) => mean + sd * e));
    const { X, Y, curve, level } = axes(aside, { box: [560, 50, 875, 262], x: [0, 200], y: [-4, 4], xlabel: "draws of z",
      xticks: [0, 100, 200], yticks: [-4, -2, 0, 2, 4] });
    level("evidence", 0);
    legend(aside, 510, 24, [["scoreline", "score"], ["pathline", "pathwise"], ["evidence", "exact"]]);
    ["score", "path"].forEach((name, i) => {
      const error = numbers[`${name}_means`].map((value) => value - numbers.exact);
      const [end, wide] = [error.at(-1), numbers[`${name}_spread`] / Math.sqrt(draws)];
      // One standard error.
      const bar = `M${X(draws) - 6 + 4 * i},${Y(end - wide)}V${Y(end + wide)}`;
      curve(`${name}line`, error.map((_, k) => k + 1), error, bar);
    });
    write(aside, 870, 250, "estimate − exact", "end");
  },

  describe({ exact, score, path, score_spread, path_spread }, { draws }) {
    const said = (mean, spread) => `${number(mean)} ± ${number(spread / Math.sqrt(draws))} (a draw ± ${number(spread)})`;
    return `dELBO/dmean is exactly ${number(exact)}. ${draws} draws: score function ${said(score, score_spread)}, ` +
      `pathwise ${said(path, path_spread)}.`;
  },
};
