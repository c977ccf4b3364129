// Play, step and reset for figures with a trajectory.

// Buttons for the control spec that counts the steps; go(step) moves it; returns what stops it.
export function player(html, parent, spec, settings, go) {
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
  const button = (content, action) => {
    const node = html(parent, "button", { type: "button", "data-lm-suppress-shortcuts": "true" }, content);
    node.addEventListener("click", action);
    return node;
  };
  const play = button("▶ play", () => {
    if (timer) return stop();
    if (settings[spec.name] >= last()) go(spec.min || 0);
    timer = setInterval(forward, spec.pause || 700);
    play.textContent = "❚❚ pause";
  });
  button("step", () => (stop(), forward()));
  button("reset", () => (stop(), go(spec.min || 0)));
  return stop;
}
