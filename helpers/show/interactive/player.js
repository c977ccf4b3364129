// Play, step and reset for figures with a trajectory.

// Buttons for the control spec that counts the steps; go(step) moves it; returns what stops it.
export function player(button, parent, spec, settings, go) {
  let timer = null;
  const stop = () => {
    clearInterval(timer);
    timer = null;
    play.textContent = "▶ play";
  };
  const last = () => (spec.values ? spec.values.length - 1 : spec.max);
  const forward = () => {
    if (settings[spec.name] < last()) go(settings[spec.name] + 1);
    if (settings[spec.name] >= last() || !parent.isConnected) stop();
  };
  const play = button(parent, "▶ play", () => {
    if (timer) return stop();
    if (settings[spec.name] >= last()) go(spec.min || 0);
    timer = setInterval(forward, spec.pause || 700);
    play.textContent = "❚❚ pause";
  });
  button(parent, "step", () => (stop(), forward()));
  button(parent, "reset", () => (stop(), go(spec.min || 0)));
  return stop;
}
