// Play, step and reset for figures with a trajectory: for the control that counts its steps.
import { button } from "./page.js";

export function playing({ buttons, data, settings, go }) {
  const { name, min, max, pause } = data.controls.find((spec) => spec.play);
  let timer = null;
  const move = (to) => go({ [name]: to });
  const stop = () => {
    clearInterval(timer);
    timer = null;
    play.textContent = "▶ play";
  };
  const forward = () => {
    if (settings[name] < max) move(settings[name] + 1);
    if (settings[name] >= max || !buttons.isConnected) stop();
  };
  const play = button(buttons, "▶ play", () => {
    if (timer) return stop();
    if (settings[name] >= max) move(min);
    timer = setInterval(forward, pause);
    play.textContent = "❚❚ pause";
  });
  button(buttons, "step", () => (stop(), forward()));
  button(buttons, "reset", () => (stop(), move(min)));
  return stop;
}
