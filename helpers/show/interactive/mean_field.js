// Mean field on a correlated normal: an upright q in a slanted p.
import { axes, clamp, draw, number, set } from "./drawing.js";
import { player } from "./player.js";

export const figure = {
  size: [900, 405],
  player,

  compute(data, { correlation, step }) {
    const [first, second, firstSd, secondSd, elbo] = data.runs[correlation][step];
    return {
      mean: [first, second], sd: [firstSd, secondSd], elbo, kl: -elbo,
      elbos: data.runs[correlation].slice(0, step + 1).map((row) => row[4]),
    };
  },

  build(stage, data) {
    const { X, Y } = axes(stage, {
      box: [50, 30, 390, 350], x: [-4.2, 4.2], y: [-4.2, 4.2], xlabel: "z₁", ylabel: "z₂",
      xticks: [-2, 0, 2], yticks: [-2, 0, 2],
    });
    const rings = [1, 2].map((r) => [r, draw(stage, "path", { class: "p" }), draw(stage, "path", { class: "q" })]);
    const trail = draw(stage, "path", { class: "axis" });
    const dot = draw(stage, "circle", { class: "qdot", r: 6 });
    draw(stage, "path", { class: "p", d: "M110,15h30" });
    draw(stage, "text", { x: 148, y: 21 }, "p(z|x)");
    draw(stage, "path", { class: "q", d: "M235,15h30" });
    draw(stage, "text", { x: 273, y: 21 }, "q(z₁) q(z₂)");
    const last = data.runs[0].length - 1;
    const trace = axes(stage, {
      box: [480, 30, 890, 190], x: [0, last], y: [-5, 0.2], xlabel: "", ylabel: "ELBO; the line is log p(x) = 0",
      yticks: [-4, -2, 0],
    });
    draw(stage, "path", { class: "evidence", d: `M480,${trace.Y(0)}H890` });
    const climb = draw(stage, "path", { class: "elboline" });
    const tip = draw(stage, "circle", { class: "elbodot", r: 7 });
    const widths = ["standard deviation of z₁, true", "of z₁ under q"].map((label, i) => {
      draw(stage, "text", { x: 480, y: 245 + 68 * i }, label);
      return [draw(stage, "rect", { class: i ? "qbar" : "p", x: 480, y: 253 + 68 * i, height: 26 }),
              draw(stage, "text", { y: 273 + 68 * i })];
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
      set(climb, { d: trace.path(elbos.map((_, i) => i), elbos.map((v) => clamp(v, -5, 0.2))) });
      set(tip, { cx: trace.X(step), cy: trace.Y(clamp(elbo, -5, 0.2)) });
      [1, sd[0]].forEach((width, i) => {
        set(widths[i][0], { width: 300 * width });
        set(widths[i][1], { x: 490 + 300 * width }).textContent = number(width);
      });
    };
  },

  describe: ({ mean, sd, elbo }, { correlation, step }, data) =>
    `Correlation ${number(data.correlations[correlation])}, ${step} updates: q has mean (${number(mean[0])}, ` +
    `${number(mean[1])}) and standard deviations ${number(sd[0])}, ${number(sd[1])}, where the truth is (0, 0) and 1, 1. ` +
    `The ELBO is ${number(-elbo)} nats below the log evidence.`,
};

function ring(point) {
  const angles = Array.from({ length: 61 }, (_, i) => (i * Math.PI) / 30);
  return "M" + angles.map((a) => point(Math.cos(a), Math.sin(a)).map((v) => v.toFixed(1))).join("L") + "Z";
}
