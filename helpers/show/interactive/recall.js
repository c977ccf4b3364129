// Questions about earlier notebooks: one at a time, and perhaps a number of them by lot.
import { figure } from "./choice.js";
import { add, button, clamp } from "./drawing.js";

figure.together = (root, forms, count, again) => {
  const row = add(root, "div", { class: "row" });
  let [chosen, at] = [[], 0];
  const go = (to) => {
    at = clamp(to, 0, chosen.length - 1);
    forms.forEach((form) => (form.hidden = form !== chosen[at]));
    place.textContent = `question ${at + 1} of ${chosen.length}`;
    back.disabled = at === 0;
    next.disabled = at === chosen.length - 1;
  };
  const lot = () => {
    const order = forms.map((form) => [Math.random(), form]).sort((a, b) => a[0] - b[0]).map((pair) => pair[1]);
    chosen = order.slice(0, count);
    again.forEach((forget) => forget());
    go(0);
  };
  const back = button(row, "← back", () => go(at - 1));
  const place = add(row, "span");
  const next = button(row, "next →", () => go(at + 1));
  if (count) (button(row, `draw ${Math.min(count, forms.length)} others`, lot), lot());
  else ((chosen = forms), go(0));
};
