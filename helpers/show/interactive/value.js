// A prediction of a number, typed or moved on an axis: the room's are dots.
import { axes, bar, clamp, dot, line, number, scale, set, write } from "./drawing.js";
import { mount } from "./predict.js";

export const figure = { open };

function open(field, [input], item, kept, form) {
  const output = field.querySelector("output");
  const moved = input.type === "range";
  form.insertAdjacentHTML("beforeend", "<svg>");
  const stage = set(form.lastChild, { role: "img", height: 110 });
  const wide = () => Math.max(stage.clientWidth, 300);
  const place = ({ clientX }) => {
    const { left, width } = stage.getBoundingClientRect();
    const at = scale(30, wide() - 30, ...item.axis)(((clientX - left) / width) * wide());
    input.value = clamp(at, ...item.axis);
    input.dispatchEvent(new Event("input"));
  };
  const drawn = (done) => {
    stage.toggleAttribute("hidden", !moved && !done);
    const mine = moved && !done ? ("moved" in input.dataset ? +input.value : undefined) : kept.mine;
    strip(stage, item, mine, kept.hands, done, wide() - 30);
    stage.setAttribute("aria-label", done ? "your answer, the room's and the truth on an axis" : "the axis of the answer");
    if (output) output.textContent = "moved" in input.dataset ? number(+input.value) : "?";
  };
  return {
    start(keep) {
      if ("mine" in kept) set(input, { "data-moved": "" }).value = kept.mine;
      input.addEventListener("input", () => (set(input, { "data-moved": "" }), moved && drawn(false)));
      new ResizeObserver(() => drawn("mine" in kept || kept.told)).observe(stage);
      if (!moved) return;
      stage.addEventListener("pointerdown", (event) => !input.disabled && (stage.setPointerCapture(event.pointerId), place(event)));
      stage.addEventListener("pointermove", (event) => event.buttons && !input.disabled && place(event));
    },
    read() {
      if (moved) return "moved" in input.dataset ? +input.value : "Move the point first.";
      const text = input.value.trim().replace(",", ".").replace("−", "-").replace(/\s*%$/, "");
      return text && isFinite(text) ? +text : "A number is wanted here, such as 2.5 or −3.";
    },
    clear: () => ((input.value = moved ? item.start : ""), delete input.dataset.moved),
    show: drawn,
    tell({ mine, hands }) {
      const close = (v) => Math.abs(v - item.right) <= item.tolerance * (1 + 1e-9);
      const room = hands.length ? `Of ${hands.length} hands, ${hands.filter(close).length} are close. ` : "";
      if (mine === undefined) return `${room}<strong>It is ${item.truth}.</strong> ${item.says[1]}`;
      const side = close(mine) ? 1 : mine < item.right ? 0 : 2;
      return `${room}You said ${number(mine, mine % 1 ? 2 : 0)}; <strong>it is ${item.truth}.</strong> ${item.says[side]}`;
    },
  };
}

function strip(stage, item, mine, hands, done, right) {
  stage.replaceChildren();
  const all = [...hands, ...(mine === undefined ? [] : [mine]), item.right - item.tolerance, item.right + item.tolerance];
  const wide = (Math.max(...all) - Math.min(...all)) / 8 || 1;
  const x = item.axis || [Math.min(...all) - wide, Math.max(...all) + wide];
  const { X } = axes(stage, { box: [30, 62, right, 62], x, y: [0, 1], xticks: item.ticks || [], xlabel: item.label || "" });
  for (const [name, at] of Object.entries(item.marks || {})) {
    set(line(stage, "axis", `M${X(at)},26V62`), { "stroke-dasharray": "4 4" });
    write(stage, X(at), 20, name, "mid");
  }
  if (done) {
    const [from, to] = [-1, 1].map((side) => clamp(X(item.right + side * item.tolerance), 30, right));
    bar(stage, "truth", from, 28, Math.max(to - from, 4), 34);
    write(stage, clamp(X(item.right), 60, right - 30), item.ticks ? 20 : 84, item.truth, "mid strong");
    hands.forEach((hand, i) => dot(stage, "hand", X(hand), 53 - 6 * (i % 4), 7));
  }
  if (mine !== undefined) line(stage, "mine", `M${clamp(X(mine), 30, right)},60l-11,-22h22z`);
}
