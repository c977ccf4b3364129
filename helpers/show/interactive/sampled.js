// The ELBO from draws: each z drops log p - log q onto a strip; two ways to average them.
import { axes, cutMark, draw, legend, line, number, set, write } from "./drawing.js";
import { grabbing } from "./grab.js";
import { bell, dragged, hill } from "./hills.js";
import { player } from "./player.js";

const [LOW, HIGH] = [-11, -1]; // nats drawn
const sum = (values) => values.reduce((a, b) => a + b, 0);

export const figure = {
  size: [900, 340],
  split: 500,
  player,
  extras: [grabbing],
  drag: ([x], grip, settings) => dragged(-5 + (x - 30) / 44, grip, settings),

  compute({ noise, parts, shift }, { mean, sd, draws }) {
    const joint = (z) => shift + Math.log(sum(parts.map(([w, m, s]) => w * bell(z, m, s))) + 1e-300);
    const ratio = (e) => joint(mean + sd * e) - Math.log(bell(e, 0, 1) / sd);
    const runs = noise.map((run) => run.slice(0, draws).map(ratio));
    const pooled = runs.map((run) => Math.log(sum(run.map(Math.exp)) / draws));
    const nodes = Array.from({ length: 801 }, (_, i) => -8 + i / 50);
    const elbo = sum(nodes.map((e) => bell(e, 0, 1) * ratio(e))) / 50;
    const logs = runs[0];
    const average = sum(logs) / draws;
    const error = Math.sqrt(sum(logs.map((v) => (v - average) ** 2)) / (draws - 1) / draws);
    return { average, error, log_mean: pooled[0], bias: sum(pooled) / pooled.length - shift, elbo, log_evidence: shift, logs };
  },

  build(stage, data) {
    const frame = axes(stage, { box: [30, 50, 470, 290], x: [-5, 5], y: [0, 0.8], xlabel: "z", xticks: [-4, -2, 0, 2, 4] });
    const zs = Array.from({ length: 201 }, (_, i) => -5 + i / 20);
    line(frame.pane, "p", `${frame.path(zs, zs.map((z) => sum(data.parts.map(([w, m, s]) => w * bell(z, m, s)))))}V290H30Z`);
    const thrown = line(frame.pane, "axis thick");
    const ball = draw(frame.pane, "circle", { class: "qdot", r: 8, cy: 280 });
    const q = hill(stage, frame, [-5, 5], 0.8);
    legend(stage, 30, 24, [["p", "posterior p(z|x)", true], ["q", "q(z), draws"]]);
    const { X, pane } = axes(stage.aside, { box: [530, 50, 890, 290], x: [LOW, HIGH], y: [0, 1], xlabel: "log p(x, z) − log q(z), nats",
      xticks: [-10, -8, -6, -4, -2] });
    const drops = data.noise[0].map(() => draw(pane, "circle", { class: "qdot", r: 5 }));
    const cut = cutMark(stage.aside, 760, 76);
    const marks = [["elbodot", "evidence", "mean, and the ELBO"], ["evidencedot", "evidence", "log-mean-exp, and log p(x)"]].map(([dot, rule, name], i) => {
      write(stage.aside, 540, [148, 222][i], name);
      return [line(pane, i ? rule : "elboline"), line(pane, "axis thick"), draw(pane, "circle", { class: dot, r: 8, cy: [172, 248][i] })];
    });
    return ({ logs, average, error, log_mean, bias, elbo, log_evidence }, { mean, sd, draws }) => {
      q(mean, sd);
      const zs = data.noise[0].slice(0, draws).map((e) => frame.X(mean + sd * e).toFixed(1));
      set(thrown, { d: zs.map((x) => `M${x},290v-12`).join("") });
      set(ball, { cx: zs.at(-1) });
      drops.forEach((drop, i) => set(drop, i < draws ? { cx: X(logs[i]), cy: 120 - (i % 12) * 5, r: 5 } : { r: 0 }));
      const lost = logs.filter((v) => v < LOW).length;
      cut(lost ? `${lost} further left` : "");
      [[elbo, average, error], [log_evidence, log_mean, 0]].forEach(([truth, here, wide], i) => {
        const [top, bottom] = [[154, 190], [228, 268]][i];
        set(marks[i][0], { d: `M${X(truth)},${top}V${bottom}` });
        set(marks[i][1], { d: `M${X(here - wide)},172H${X(here + wide)}` });
        set(marks[i][2], { cx: X(here) });
      });
    };
  },

  describe: ({ average, error, log_mean, bias, elbo, log_evidence }, { draws }) =>
    `${draws} draws: their mean ${number(average)} ± ${number(error)} goes to the ELBO ${number(elbo)}. The log of their mean ratio, ` +
    `${number(log_mean)}, goes to log p(x) = ${number(log_evidence)}; with so many draws it is ${number(-bias)} too low on average (50 runs).`,
};
