// The ELBO from draws: each z drops log p - log q onto a strip; two ways to average them.
import { axes, cutMark, dot, line, number, spread, sum, write } from "./drawing.js";
import { grabbing } from "./grab.js";
import { bell, dragged, hills } from "./hills.js";
import { playing } from "./player.js";

const FRAME = { box: [30, 50, 470, 290], x: [-5, 5], y: [0, 0.8] };
const NODES = spread(-8, 8, 801);
const LOW = -11; // nats drawn
const posterior = (parts, z) => sum(parts.map(([w, m, s]) => w * bell(z, m, s)));

export const figure = {
  split: 500,
  extras: [playing, grabbing],
  drag: dragged(FRAME),

  compute({ noise, parts, shift }, { mean, sd, draws }) {
    const ratio = (e) => shift + Math.log(posterior(parts, mean + sd * e) + 1e-300) - Math.log(bell(e, 0, 1) / sd);
    const runs = noise.map((run) => run.slice(0, draws).map(ratio));
    const pooled = runs.map((run) => Math.log(sum(run.map(Math.exp)) / draws));
    const logs = runs[0];
    const average = sum(logs) / draws;
    return {
      average, error: Math.sqrt(sum(logs.map((v) => (v - average) ** 2)) / (draws - 1) / draws), logs, log_evidence: shift,
      log_mean: pooled[0], bias: sum(pooled) / pooled.length - shift, elbo: sum(NODES.map((e) => bell(e, 0, 1) * ratio(e))) / 50,
    };
  },

  draw(stage, aside, { parts, noise }, { logs, average, error, log_mean, elbo, log_evidence }, settings) {
    const { mean, sd, draws } = settings;
    const thrown = noise[0].slice(0, draws).map((e) => mean + sd * e);
    const hill = hills(stage, FRAME, spread(-5, 5, 201), (z) => posterior(parts, z), settings, thrown);
    dot(hill.pane, "qdot", hill.X(thrown.at(-1)), 280);
    const { X, pane } = axes(aside, { box: [530, 50, 890, 290], x: [LOW, -1], y: [0, 1], xlabel: "log p(x, z) − log q(z), nats",
      xticks: [-10, -8, -6, -4, -2] });
    logs.forEach((value, i) => dot(pane, "qdot", X(value), 120 - (i % 12) * 5, 5));
    const lost = logs.filter((value) => value < LOW).length;
    cutMark(aside, 890, 44, lost && `${lost} further left`);
    for (const [name, y, truth, rule, look, here, wide] of [
      ["mean, and the ELBO", 172, elbo, "elboline", "elbodot", average, error],
      ["log-mean-exp, and log p(x)", 248, log_evidence, "evidence", "evidencedot", log_mean, 0],
    ]) {
      write(aside, 540, y - 25, name);
      line(pane, rule, `M${X(truth)},${y - 18}v38`);
      line(pane, "axis thick", `M${X(here - wide)},${y}H${X(here + wide)}`);
      dot(pane, look, X(here), y);
    }
  },

  describe: ({ average, error, log_mean, bias, elbo, log_evidence }, { draws }) =>
    `${draws} draws: their mean ${number(average)} ± ${number(error)} goes to the ELBO ${number(elbo)}. The log of their mean ratio, ` +
    `${number(log_mean)}, goes to log p(x) = ${number(log_evidence)}; with so many draws it is ${number(-bias)} too low on average (50 runs).`,
};
