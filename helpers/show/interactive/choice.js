// A prediction among options: the room's hands become bars.
import { add, OWN } from "./drawing.js";
import { mount } from "./predict.js";

export const figure = { open: choices };

function choices(field, inputs, item, kept) {
  const rows = inputs.map((input, i) => {
    const line = input.closest("label").parentNode;
    const count = add(line, "input", { type: "number", min: 0, class: "hands", "aria-label": `hands for option ${i + 1}`, ...OWN });
    return { line, count, bar: add(add(line, "span", { class: "bar" }), "i") };
  });
  return {
    start(keep) {
      rows.forEach(({ count }, i) => {
        count.value = kept.hands[i] || "";
        count.addEventListener("input", () => ((kept.hands = rows.map((row) => Math.max(0, Math.floor(+row.count.value) || 0))), keep()));
      });
      if (kept.hands.some((n) => n)) field.classList.add("counting");
      if ("mine" in kept) inputs[kept.mine].checked = true;
    },
    read: () => (inputs.some((input) => input.checked) ? inputs.findIndex((input) => input.checked) : "Choose one of the answers first."),
    clear: () => (inputs.forEach((input) => (input.checked = false)), rows.forEach(({ count }) => (count.value = ""))),
    show(done) {
      const most = Math.max(1, ...kept.hands);
      rows.forEach(({ line, bar }, i) => {
        bar.style.width = `${(100 * (kept.hands[i] || 0)) / most}%`;
        line.classList.toggle("right", !!done && i === item.right);
      });
    },
    tell({ mine, hands }) {
      const total = hands.reduce((sum, n) => sum + n, 0);
      const room = total ? `Of ${total} hands, ${hands[item.right] || 0} are right. ` : "";
      if (mine === undefined) return room + item.says[item.right];
      return room + (mine === item.right ? `<strong>Right.</strong> ${item.says[mine]}` :
        `${item.says[mine]} <strong>Right is: ${item.options[item.right]}.</strong> ${item.says[item.right]}`);
    },
  };
}
