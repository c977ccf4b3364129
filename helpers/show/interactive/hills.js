// A normal q over one axis that a hand can hold: its middle is the mean, its flank the sd.
import { clamp, draw, set } from "./drawing.js";

// Standard deviations from the mean.
const SPOTS = Array.from({ length: 101 }, (_, i) => -5 + i / 10);

export const bell = (z, mean, sd) => Math.exp(-0.5 * ((z - mean) / sd) ** 2) / (sd * Math.sqrt(2 * Math.PI));

// Draws q in a frame of axes(); returns what moves it. `top` is the highest density that fits.
export function hill(stage, { X, Y, path, pane }, [low, high], top) {
  const area = draw(pane, "path", { class: "q grip", "data-grip": "mean" });
  const dots = ["sd", "mean", "sd"].map((grip) => draw(stage, "circle", { class: "qdot grip", r: 11, "data-grip": grip }));
  return (mean, sd) => {
    const zs = SPOTS.map((spot) => mean + spot * sd);
    set(area, { d: path(zs, zs.map((z) => bell(z, mean, sd))) });
    dots.forEach((dot, i) => {
      const z = mean + (i - 1) * sd;
      set(dot, { cx: X(clamp(z, low, high)), cy: Y(Math.min(bell(z, mean, sd), top)) });
    });
  };
}

// What a drag of the hill at z means for the settings.
export const dragged = (z, grip, { mean }) => (grip === "mean" ? { mean: z } : { sd: Math.abs(z - mean) });
