// Play, step and reset for figures with a trajectory: for the control that counts its steps.
import { button } from "./drawing.js";

export function playing({ buttons, data, settings, go }) {
  const { name, min, max, pause } = data.controls.find((spec) => spec.play);
  let timer = false;
  const move = (to) => go({ [name]: to });
  const run = (on) => {
    clearInterval(timer);
    timer = on && setInterval(forward, pause);
    play.textContent = on ? "❚❚ pause" : "▶ play";
  };
  const forward = () => {
    if (settings[name] < max) move(settings[name] + 1);
    if (settings[name] >= max || !buttons.isConnected) run(false);
  };
  const play = button(buttons, "▶ play", () => {
    if (!timer && settings[name] >= max) move(min);
    run(!timer);
  });
  button(buttons, "step", () => (run(false), forward()));
  button(buttons, "reset", () => (run(false), move(min)));
  return () => run(false);
}
