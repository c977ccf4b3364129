// What all interactive figures share: controls above, the drawing, the sentence below.
//
// A figure is an object of
//   size                                   [width, height] of its drawing, in SVG units
//   split                                  where its right part begins, drawn into stage.aside:
//                                          on a phone (stage.narrow) it goes below the left part
//   compute(data, settings) -> numbers     pure; the tests compare it with Python's
//   build(stage, data) -> draw(numbers, settings)
//   describe(numbers, settings, data)      the sentence that says what one sees
//   style                                  style.css and the palette, added by the page
//   player                                 the one of player.js, where there are steps to play
//   extras                                 of grab.js: what the drawing does under a hand
import { draw, number, set } from "./drawing.js";
import { button, enliven, html, OWN } from "./page.js";

// A labelled native slider or choice; returns { show(value) }, which moves it.
function control(parent, spec, change) {
  const label = html(parent, "label");
  html(label, "span", {}, spec.label);
  if (spec.options) {
    const select = html(label, "select", OWN);
    spec.options.forEach((option, i) => html(select, "option", { value: i }, option));
    select.addEventListener("change", () => change(Number(select.value)));
    return { show: (value) => (select.value = value) };
  }
  const { values, min = 0, max = values.length - 1, step = 1 } = spec;
  const input = html(label, "input", { type: "range", min, max, step, ...OWN });
  const output = html(label, "output");
  const digits = step % 1 || (values && values.some((value) => value % 1)) ? 2 : 0;
  input.addEventListener("input", () => change(Number(input.value)));
  return {
    show(value) {
      input.value = value;
      const shown = values ? values[value] : value;
      output.textContent = typeof shown === "number" ? number(shown, digits) : shown;
      input.setAttribute("aria-valuetext", output.textContent);
    },
  };
}

// Puts a figure into root, alive; returns a function that ends what still runs.
export function mount(root, figure, data) {
  const settings = {};
  const shown = {};
  const stops = [];
  root.replaceChildren();
  enliven(root, figure.style, "vi-core");
  const panel = html(root, "div", { role: "group", "aria-label": data.title, class: "panel" });
  const sliders = html(panel, "div", { class: "sliders" });
  const buttons = html(panel, "div", { class: "buttons" });
  root.insertAdjacentHTML("beforeend", "<svg>");
  const stage = set(root.lastChild, { role: "img" });
  const sentence = html(root, "p", { role: "status" });
  let redraw = null;
  const fit = () => {
    // A phone.
    const narrow = root.clientWidth < 600;
    if (narrow === stage.narrow) return;
    stage.replaceChildren();
    Object.assign(stage, { narrow, aside: draw(stage, "g") });
    root.classList.toggle("narrow", narrow);
    root.classList.toggle("many", !narrow && data.controls.length > 2);
    redraw = figure.build(stage, data);
    const [width, height] = figure.size;
    const below = narrow && figure.split;
    set(stage, { viewBox: below ? `0 0 ${Math.max(below, width - below)} ${2 * height}` : `0 0 ${width} ${height}` });
    set(stage.aside, { transform: below ? `translate(${-below},${height})` : "" });
    if (root.numbers) redraw(root.numbers, settings);
  };
  fit();
  new ResizeObserver(fit).observe(root);
  const update = () => {
    const numbers = figure.compute(data, settings);
    redraw(numbers, settings);
    sentence.textContent = figure.describe(numbers, settings, data);
    stage.setAttribute("aria-label", sentence.textContent);
    Object.assign(root, { numbers, settings });
  };
  const go = (changes) => {
    for (const name in changes) shown[name].show((settings[name] = changes[name]));
    update();
  };
  for (const spec of data.controls) {
    shown[spec.name] = control(sliders, spec, (value) => go({ [spec.name]: value }));
    if (spec.play) stops.push(figure.player(button, buttons, spec, settings, (value) => go({ [spec.name]: value })));
  }
  for (const preset of data.presets || []) {
    button(buttons, preset.label, () => go(preset.by ? preset.settings[settings[preset.by]] : preset.settings));
  }
  for (const extra of figure.extras || []) {
    stops.push(extra({ root, stage, buttons, button, figure, data, settings, go }));
  }
  go(Object.fromEntries(data.controls.map((spec) => [spec.name, spec.value || 0])));
  return () => stops.forEach((stop) => stop?.());
}
