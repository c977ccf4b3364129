// What all interactive figures share: controls above, the drawing, the sentence below.
//
// A figure is an object of
//   size                            [width, height] of its drawing, in SVG units
//   split                           where its right part begins, which is drawn into aside: on a
//                                   phone (stage.narrow) it goes below the left part
//   compute(data, settings)         its numbers; the tests compare them with Python's. Without
//                                   it they are looked up in the tables that Python computed
//   draw(stage, aside, data, numbers, settings)   the whole picture, anew for all settings;
//                                   where its size depends on these, it returns that
//   describe(numbers, settings, data)   the sentence that says what one sees
//   style                           style.css and the palette, added by the page
//   extras                          of player.js and grab.js: more buttons, and a hand
import { add, button, enliven, number, OWN, set } from "./drawing.js";

// A labelled native slider or choice; returns what moves it to a value.
function control(parent, spec, change) {
  const label = add(parent, "label");
  add(label, "span", {}, spec.label);
  if (spec.options) {
    const select = add(label, "select", OWN);
    spec.options.forEach((option, i) => add(select, "option", { value: i }, option));
    select.addEventListener("change", () => change(Number(select.value)));
    return (value) => (select.value = value);
  }
  const { values, min = 0, max = values.length - 1, step = 1 } = spec;
  const input = add(label, "input", { type: "range", min, max, step, ...OWN });
  const output = add(label, "output");
  const digits = step % 1 || values?.some((value) => value % 1) ? 2 : 0;
  input.addEventListener("input", () => change(Number(input.value)));
  return (value) => {
    input.value = value;
    output.textContent = number(values ? values[value] : value, digits);
    input.setAttribute("aria-valuetext", output.textContent);
  };
}

// One index per control, in their order.
const lookUp = ({ numbers, controls }, settings) =>
  Object.fromEntries(Object.keys(numbers).map((key) =>
    [key, controls.reduce((rows, { name }) => rows[settings[name]], numbers[key])]));

// Puts a figure into root, alive; returns a function that ends what still runs.
export function mount(root, figure, data) {
  const [settings, show] = [{}, {}];
  const { size = [900, 340], split, compute = lookUp, extras = [] } = figure;
  root.replaceChildren();
  enliven(root, figure.style, "vi-core");
  const panel = add(root, "div", { role: "group", "aria-label": data.title, class: "panel" });
  const sliders = add(panel, "div", { class: "sliders" });
  const buttons = add(panel, "div", { class: "buttons" });
  root.insertAdjacentHTML("beforeend", "<svg>");
  const stage = set(root.lastChild, { role: "img" });
  const aside = add(stage, "g");
  const sentence = add(root, "p", { role: "status" });
  const redraw = () => {
    aside.replaceChildren();
    stage.replaceChildren(aside);
    const [width, height] = figure.draw(stage, aside, data, root.numbers, settings) || size;
    const below = stage.narrow && split;
    const [wide, high] = below ? [Math.max(below, width - below), 2 * height] : [width, height];
    set(stage, { viewBox: `0 0 ${wide} ${high}` });
    set(aside, { transform: below ? `translate(${-below},${height})` : "" });
  };
  const fit = () => {
    // A phone.
    const narrow = root.clientWidth < 600;
    if (narrow === stage.narrow) return;
    stage.narrow = narrow;
    root.classList.toggle("narrow", narrow);
    root.classList.toggle("many", !narrow && data.controls.length > 2);
    if (root.numbers) redraw();
  };
  const go = (changes) => {
    for (const name in changes) show[name]((settings[name] = changes[name]));
    Object.assign(root, { settings, numbers: compute(data, settings) });
    redraw();
    sentence.textContent = figure.describe(root.numbers, settings, data);
    stage.setAttribute("aria-label", sentence.textContent);
  };
  for (const spec of data.controls) show[spec.name] = control(sliders, spec, (value) => go({ [spec.name]: value }));
  for (const { label, settings: to, by } of data.presets || []) button(buttons, label, () => go(by ? to[settings[by]] : to));
  const stops = extras.map((extra) => extra({ root, stage, buttons, figure, data, settings, go }));
  fit();
  new ResizeObserver(fit).observe(root);
  go(Object.fromEntries(data.controls.map((spec) => [spec.name, spec.value || 0])));
  return () => stops.forEach((stop) => stop?.());
}
