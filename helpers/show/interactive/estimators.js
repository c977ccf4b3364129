// The gradient of the ELBO by q's mean from draws: score function against pathwise, draw by draw.
import { axes, clamp, legend, line, number, set, write } from "./drawing.js";
import { grabbing } from "./grab.js";
import { bell, dragged, hill } from "./hills.js";
import { player } from "./player.js";

const NODES = Array.from({ length: 801 }, (_, i) => -8 + i / 50);
const HERE = [30, 50, 470, 262];
const sum = (values) => values.reduce((a, b) => a + b, 0);
// P(0 < e < a) for a standard normal e.
const inner = (a) => (a / 1000) * sum(Array.from({ length: 1000 }, (_, i) => bell(((i + 0.5) * a) / 1000, 0, 1)));
const average = (f) => sum(NODES.map((e) => bell(e, 0, 1) * f(e))) / 50;

function stepping({ buttons, button, root, settings, go }) {
  for (const [key, name] of [["score", "score"], ["path", "path"]]) {
    button(buttons, `↗ ${name}`, () => {
      go({ mean: clamp(settings.mean + settings.size * root.numbers[key], -4, 4) });
    });
  }
}

export const figure = {
  size: [900, 312],
  split: 500,
  player,
  extras: [grabbing, stepping],
  drag: ([x], grip, settings) => dragged(-5 + (x - 30) / 44, grip, settings),

  compute({ draws: noise, model: [m0, s0, far, blur] }, { mean, sd, draws, baseline }) {
    const gain = (e) => {
      const z = mean + sd * e;
      return (e * e - ((m0 - z) / s0) ** 2 - ((far - Math.abs(z)) / blur) ** 2) / 2 + Math.log((sd / s0 / blur) * bell(0, 0, 1));
    };
    const slope = (z) => (m0 - z) / s0 ** 2 + (far * Math.sign(z) - z) / blur ** 2;
    const constant = baseline && average((e) => gain(e) * (baseline > 1 ? e * e : 1)) / average((e) => (baseline > 1 ? e * e : 1));
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

  build(stage, data) {
    const frame = axes(stage, { box: HERE, x: [-5, 5], y: [0, 0.8], xlabel: "z", xticks: [-4, -2, 0, 2, 4] });
    line(frame.pane, "p", frame.path(data.posterior.map((_, i) => -5 + i / 20), data.posterior) + "V262H30Z");
    const thrown = line(frame.pane, "axis thick");
    const q = hill(stage, frame, [-5, 5], 0.8);
    legend(stage, 30, 24, [["p", "posterior p(z|x)", true], ["q", "q(z), draws"]]);
    const last = data.draws.length;
    const { X, Y, path, pane } = axes(stage.aside, { box: [560, 50, 875, 262], x: [0, last], y: [-4, 4], xlabel: "draws of z",
      xticks: [0, 100, 200], yticks: [-4, -2, 0, 2, 4] });
    line(stage.aside, "evidence", `M560,${Y(0)}H875`);
    legend(stage.aside, 510, 24, [["scoreline", "score"], ["pathline", "pathwise"], ["evidence", "exact"]]);
    const parts = ["scoreline", "pathline"].map((look) => line(pane, look));
    write(stage.aside, 870, 250, "estimate − exact", "end");
    return (numbers, { mean, sd, draws }) => {
      q(mean, sd);
      set(thrown, { d: data.draws.slice(0, draws).map((e) => `M${frame.X(mean + sd * e).toFixed(1)},262v-14`).join("") });
      ["score", "path"].forEach((name, i) => {
        const error = numbers[`${name}_means`].map((value) => value - numbers.exact);
        const [end, wide] = [error.at(-1), numbers[`${name}_spread`] / Math.sqrt(draws)];
        // One standard error.
        const bar = `M${X(draws) - 6 + 4 * i},${Y(end - wide)}V${Y(end + wide)}`;
        set(parts[i], { d: path(error.map((_, k) => k + 1), error) + bar });
      });
    };
  },

  describe({ exact, score, path, score_spread, path_spread }, { draws }) {
    const said = (mean, spread) => `${number(mean)} ± ${number(spread / Math.sqrt(draws))} (a draw ± ${number(spread)})`;
    return `dELBO/dmean is exactly ${number(exact)}. ${draws} draws: score function ${said(score, score_spread)}, ` +
      `pathwise ${said(path, path_spread)}.`;
  },
};
