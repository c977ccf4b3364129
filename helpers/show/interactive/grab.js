// Figures that a hand can hold, and that climb by themselves from where it let go.
import { clamp } from "./drawing.js";

// Elements with data-grip follow the pointer: figure.drag(point, grip, settings) says how.
export function grabbing({ stage, figure, data, settings, go }) {
  let held = null;
  const limits = Object.fromEntries(data.controls.map((spec) => [spec.name, spec]));
  const move = (event) => {
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(stage.getScreenCTM().inverse());
    const changes = figure.drag([x, y], held, settings);
    for (const name in changes) changes[name] = clamp(changes[name], limits[name].min, limits[name].max);
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

// A button that repeats figure.climb(data, settings), the settings one step of the ascent on.
export function climbing({ root, buttons, button, figure, data, settings, go }) {
  let frame = 0;
  const label = figure.climbs || "▲ let it climb";
  const stop = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    press.textContent = label;
  };
  const step = () => {
    const next = figure.climb(data, settings);
    const still = Object.keys(next).every((name) => Math.abs(next[name] - settings[name]) < 1e-5);
    go(next);
    if (still || !root.isConnected) stop();
    else frame = requestAnimationFrame(step);
  };
  const press = button(buttons, label, () => {
    if (frame) return stop();
    press.textContent = "❚❚ stop";
    frame = requestAnimationFrame(step);
  });
  root.addEventListener("input", stop);
  root.addEventListener("pointerdown", (event) => event.target !== press && stop());
  return stop;
}
