// Two densities over one axis: the posterior as an area, and q, which a hand can hold.
import { axes, cutMark, legend, line, number, set } from "./drawing.js";
import { bell, hill } from "./hills.js";

export const BOX = [30, 50, 550, 290];

// Where on the axis z a drawing's point is.
export const across = (data, x) => {
  const [low, high] = data.grid.shown;
  return low + ((x - BOX[0]) / (BOX[2] - BOX[0])) * (high - low);
};

export function densities(stage, data) {
  const { low, spacing, shown } = data.grid;
  const z = data.log_joint[0].map((_, i) => low + i * spacing);
  const frame = axes(stage, { box: BOX, x: shown, y: [0, data.top], xlabel: "z", xticks: [-6, -4, -2, 0, 2, 4, 6] });
  const p = line(frame.pane, "p");
  const q = hill(stage, frame, shown, data.top);
  legend(stage, 30, 24, [["p", "posterior p(z|x)", true], ["q", "q(z)"]]);
  const cut = cutMark(stage, BOX[2], 24);
  return (numbers, { mean, sd }) => {
    set(p, { d: `${frame.path(z, numbers.p)}V290H-999Z` });
    q(mean, sd);
    const highest = bell(0, 0, sd);
    cut(highest > data.top ? `q up to ${number(highest)}` : "");
  };
}
