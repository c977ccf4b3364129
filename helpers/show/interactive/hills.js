// A posterior as an area, and over it a normal q that a hand can hold: its middle is the mean, its flank the sd.
import { axes, clamp, cutMark, dot, legend, line, number, scale, set, spread } from "./drawing.js";

export const bell = (z, mean, sd) => Math.exp(-0.5 * ((z - mean) / sd) ** 2) / (sd * Math.sqrt(2 * Math.PI));

// What a drag in the frame means for the settings.
export const dragged = ({ box, x }) => ([across], grip, { mean }) => {
  const z = scale(box[0], box[2], ...x)(across);
  return grip === "mean" ? { mean: z } : { sd: Math.abs(z - mean) };
};

// frame: as of axes(). zs, p: the posterior's density. thrown: draws of q, as strokes on the axis.
export function hills(stage, frame, zs, p, { mean, sd }, thrown = []) {
  const { box: [left, , right, bottom], x: [low, high], y: [, top] } = frame;
  const all = axes(stage, { xlabel: "z", xticks: [-6, -4, -2, 0, 2, 4, 6].filter((z) => z >= low && z <= high), ...frame });
  const { X, Y, pane, area, curve } = all;
  const q = (z) => bell(z, mean, sd);
  area("p", zs, p);
  line(pane, "axis thick", thrown.map((z) => `M${X(z).toFixed(1)},${bottom}v-12`).join(""));
  set(curve("q grip", spread(mean - 5 * sd, mean + 5 * sd, 101), q), { "data-grip": "mean" });
  ["sd", "mean", "sd"].forEach((grip, i) => {
    const z = mean + (i - 1) * sd;
    set(dot(stage, "qdot grip", X(clamp(z, low, high)), Y(Math.min(q(z), top)), 11), { "data-grip": grip });
  });
  legend(stage, left, 24, [["p", "posterior p(z|x)", true], ["q", thrown.length ? "q(z), draws" : "q(z)"]]);
  cutMark(stage, right, 46, q(mean) > top && `q up to ${number(q(mean))}`);
  return all;
}
