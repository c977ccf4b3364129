// The bound of any ascent, step by step, against the evidence where it is known.
import { axes, line, number, write } from "./drawing.js";
import { playing } from "./player.js";

export const figure = {
  size: [900, 350],
  extras: [playing],

  draw(stage, aside, { numbers: { elbo: elbos }, problems, range, xticks, yticks }, { log_evidence }, { step }) {
    const { X, Y, curve, spot, level } = axes(stage, {
      box: [90, 40 + 26 * problems.length, 880, 300], x: [0, Math.max(elbos.length - 1, 1)], y: range,
      xlabel: "step", ylabel: "ELBO, nats", xticks, yticks, open: true,
    });
    if (log_evidence !== undefined) {
      level("evidence", log_evidence);
      write(stage, 880, Y(log_evidence) - 9, `log p(x) = ${number(log_evidence)}`, "end");
    }
    curve("elboline faint", elbos.keys(), elbos);
    curve("elboline", elbos.slice(0, step + 1).keys(), elbos);
    spot("elbodot", step, elbos[step]);
    problems.forEach(({ step: at, text }, i) => {
      if (at > step) return;
      line(stage, "wrong", `M${X(at) - 11},${Y(elbos[at]) - 11}l22,22m0,-22l-22,22`);
      write(stage, 90, 20 + 26 * i, `✗ step ${at}: ${text}`);
    });
  },

  describe({ elbo, rise, kl, log_evidence }, { step }, { problems }) {
    const found = problems.filter((problem) => problem.step <= step);
    const gap = kl === undefined ? "" : ` + KL ${number(kl, 3)} = log evidence ${number(log_evidence, 3)}`;
    return `Step ${step}: ELBO ${number(elbo, 3)}${gap}. ` +
      (step ? `It ${rise < 0 ? "fell" : "rose"} by ${number(Math.abs(rise), 4)}. ` : "") +
      (found.length
        ? found.map((problem) => `Broken at step ${problem.step}: ${problem.text}.`).join(" ")
        : "So far nothing is broken: the bound never fell" + (kl === undefined ? "." : " and stayed below the evidence."));
  },
};
