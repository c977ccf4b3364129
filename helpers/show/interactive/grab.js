// Figures that a hand can hold, and that climb by themselves from where it let go.
import { button, clamp } from "./drawing.js";

// Elements with data-grip follow the pointer: figure.drag(point, grip, settings, data) says how.
export function grabbing({ stage, figure, data, settings, go }) {
  let held = null;
  const move = (event) => {
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(stage.getScreenCTM().inverse());
    const changes = figure.drag([x, y], held, settings, data);
    for (const { name, min, max } of data.controls) if (name in changes) changes[name] = clamp(changes[name], min, max);
    go(changes);
  };
  stage.addEventListener("pointerdown", (event) => {
    held = event.target.dataset?.grip;
    if (!held) return;
    event.preventDefault();
    stage.setPointerCapture(event.pointerId);
    move(event);
  });
  stage.addEventListener("pointermove", (event) => held && move(event));
  stage.addEventListener("lostpointercapture", () => (held = null));
}

// One step of a normal q up the ELBO, by its natural gradient: sd^2 times the slope by the mean,
// half of that by log sd, so that narrow and wide q climb at one pace.
export function uphill(figure, data, settings, rate = 0.1) {
  const { mean, sd } = settings;
  const slope = (name, at) => {
    const [above, below] = [1e-4, -1e-4].map((h) => figure.compute(data, { ...settings, [name]: at + h * sd }).elbo);
    return clamp(rate * sd * 5000 * (above - below) || 0, -0.3, 0.3);
  };
  return { mean: mean + sd * slope("mean", mean), sd: sd * Math.exp(slope("sd", sd) / 2) };
}

// A button that repeats the step from wherever q was left.
export function climbing({ root, stage, buttons, figure, data, settings, go }) {
  let frame = 0;
  const run = (on) => {
    cancelAnimationFrame(frame);
    frame = on && requestAnimationFrame(step);
    press.textContent = on ? "❚❚ stop" : figure.climbs;
  };
  const step = () => {
    const before = { ...settings };
    go(uphill(figure, data, settings));
    run(Object.keys(before).some((name) => Math.abs(before[name] - settings[name]) > 1e-5));
  };
  const stop = () => run(0);
  const press = button(buttons, figure.climbs, () => run(!frame));
  root.addEventListener("input", stop);
  stage.addEventListener("pointerdown", stop);
  return stop;
}
