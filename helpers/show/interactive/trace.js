// The bound of any ascent, step by step, against the evidence where it is known.
import { axes, draw, line, number, path, set, write } from "./drawing.js";
import { player } from "./player.js";

export const figure = {
  size: [900, 350],
  player,

  compute(data, { step }) {
    const elbo = data.elbos[step];
    const evidence = data.log_evidence;
    const found = data.problems.filter((problem) => problem.step <= step);
    const numbers = { elbo, rise: step ? elbo - data.elbos[step - 1] : 0, broken: found.length };
    return evidence === null ? numbers : { ...numbers, log_evidence: evidence, kl: evidence - elbo };
  },

  build(stage, data) {
    const last = data.elbos.length - 1;
    const { X, Y, path } = axes(stage, {
      box: [90, 40 + 26 * data.problems.length, 880, 300], x: [0, Math.max(last, 1)], y: data.range, xlabel: "step", ylabel: "ELBO, nats",
      xticks: data.xticks, yticks: data.yticks,
    });
    if (data.log_evidence !== null) {
      line(stage, "evidence", `M90,${Y(data.log_evidence)}H880`);
      write(stage, 100, Y(data.log_evidence) - 9, `log p(x) = ${number(data.log_evidence)}`);
    }
    const all = data.elbos.map((_, i) => i);
    draw(stage, "path", { class: "elboline faint", d: path(all, data.elbos) });
    const drawn = line(stage, "elboline");
    const dot = draw(stage, "circle", { class: "elbodot", r: 8 });
    const marks = data.problems.map(({ step, text }, i) => [step, [
      line(stage, "wrong", `M${X(step) - 11},${Y(data.elbos[step]) - 11}l22,22m0,-22l-22,22`),
      write(stage, 90, 20 + 26 * i, `✗ step ${step}: ${text}`),
    ]]);
    return ({ elbo }, { step }) => {
      set(drawn, { d: path(all.slice(0, step + 1), data.elbos.slice(0, step + 1)) });
      set(dot, { cx: X(step), cy: Y(elbo) });
      for (const [at, parts] of marks) parts.forEach((part) => set(part, { opacity: at <= step ? 1 : 0 }));
    };
  },

  describe(numbers, { step }, data) {
    const { elbo, rise, kl, log_evidence } = numbers;
    const found = data.problems.filter((problem) => problem.step <= step);
    const gap = kl === undefined ? "" : ` + KL ${number(kl, 3)} = log evidence ${number(log_evidence, 3)}`;
    return `Step ${step}: ELBO ${number(elbo, 3)}${gap}. ` +
      (step ? `It ${rise < 0 ? "fell" : "rose"} by ${number(Math.abs(rise), 4)}. ` : "") +
      (found.length
        ? found.map((problem) => `Broken at step ${problem.step}: ${problem.text}.`).join(" ")
        : "So far nothing is broken: the bound never fell" + (kl === undefined ? "." : " and stayed below the evidence."));
  },
};
