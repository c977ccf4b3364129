// Mean field on a correlated normal: an upright q in a slanted p.
import { axes, cutMark, draw, legend, line, number, set, write } from "./drawing.js";
import { player } from "./player.js";

export const figure = {
  size: [900, 350],
  split: 400,
  player,

  compute(data, { correlation, step }) {
    const [first, second, firstSd, secondSd, elbo] = data.runs[correlation][step];
    return {
      mean: [first, second], sd: [firstSd, secondSd], elbo, kl: -elbo,
      elbos: data.runs[correlation].slice(0, step + 1).map((row) => row[4]),
    };
  },

  build(stage, data) {
    const { X, Y, pane } = axes(stage, {
      box: [75, 40, 335, 300], x: [-4.2, 4.2], y: [-4.2, 4.2], xlabel: "z₁", ylabel: "z₂",
      xticks: [-2, 0, 2], yticks: [-2, 0, 2],
    });
    const rings = [1, 2].map((r) => [r, line(pane, "p"), line(pane, "q")]);
    const trail = line(pane, "axis");
    const dot = draw(pane, "circle", { class: "qdot", r: 6 });
    legend(stage, 115, 22, [["p", "p(z|x)", true], ["q", "q(z₁) q(z₂)"]]);
    const trace = axes(stage.aside, {
      box: [480, 50, 880, 170], x: [0, data.last], y: [-5, 0.2], ylabel: "ELBO, nats; log p(x) = 0", yticks: [-4, -2, 0],
    });
    line(stage.aside, "evidence", `M480,${trace.Y(0)}H880`);
    const climb = line(trace.pane, "elboline");
    const tip = draw(trace.pane, "circle", { class: "elbodot", r: 7 });
    const cut = cutMark(stage.aside, 875, 164);
    const widths = ["sd of z₁, true", "sd of z₁ under q"].map((label, i) => {
      write(stage.aside, 480, 215 + 62 * i, label);
      return [draw(stage.aside, "rect", { class: i ? "qbar" : "p", x: 480, y: 222 + 62 * i, height: 24 }),
              write(stage.aside, 0, 241 + 62 * i, "")];
    });
    return ({ mean, sd, elbo, elbos }, { correlation, step }) => {
      const rho = data.correlations[correlation];
      for (const [r, p, q] of rings) {
        set(p, { d: ring((c, s) => [X(r * c), Y(r * (rho * c + Math.sqrt(1 - rho * rho) * s))]) });
        set(q, { d: ring((c, s) => [X(mean[0] + r * sd[0] * c), Y(mean[1] + r * sd[1] * s)]) });
      }
      const been = data.runs[correlation].slice(0, step + 1);
      set(trail, { d: "M" + been.map((row) => `${X(row[0])},${Y(row[1])}`).join("L") });
      set(dot, { cx: X(mean[0]), cy: Y(mean[1]) });
      set(climb, { d: trace.path(elbos.map((_, i) => i), elbos) });
      set(tip, { cx: trace.X(step), cy: trace.Y(elbo) });
      cut(elbo < -5 ? `ELBO ${number(elbo)}, below` : "");
      [1, sd[0]].forEach((width, i) => {
        set(widths[i][0], { width: 300 * width });
        set(widths[i][1], { x: 490 + 300 * width }).textContent = number(width);
      });
    };
  },

  describe: ({ mean, sd, elbo }, { correlation, step }, data) =>
    `Correlation ${number(data.correlations[correlation])}, ${step} updates: q has mean (${number(mean[0])}, ` +
    `${number(mean[1])}) and standard deviations ${number(sd[0])}, ${number(sd[1])}, where the truth is (0, 0) and 1, 1. ` +
    `The ELBO is ${number(-elbo)} nats below the log evidence.` +
    (step === data.last && Math.abs(mean[0]) > 0.05 ? " The means are still on their way: strong correlation makes small steps." : ""),
};

function ring(point) {
  const angles = Array.from({ length: 61 }, (_, i) => (i * Math.PI) / 30);
  return "M" + angles.map((a) => point(Math.cos(a), Math.sin(a)).map((v) => v.toFixed(1))).join("L") + "Z";
}
