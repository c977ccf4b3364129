// Questions that are answered before their answer is seen; Python wrote them as HTML.
import { add, button, enliven, OWN, set } from "./drawing.js";

// Answers outlive the page where the browser lets them.
const shelf = {
  get(name) { try { return JSON.parse(localStorage.getItem(`vi-predict:${name}`)) || {}; } catch { return {}; } },
  put(name, value) { try { localStorage.setItem(`vi-predict:${name}`, JSON.stringify(value)); } catch { /* private */ } },
};

export function mount(root, figure, data) {
  if (data.html) root.innerHTML = data.html;
  enliven(root, figure.style, "vi-ask");
  root.addEventListener("keydown", (event) => event.target.matches("[type=text], [type=number]") && event.stopPropagation());
  const forms = [...root.querySelectorAll("form")];
  const again = forms.map((form, i) => ask(form, data.items[i], root, figure.open));
  figure.together?.(root, forms, data.draw, again);
}

// One question; returns what forgets its answer.
function ask(form, item, root, open) {
  const kept = { hands: [], ...shelf.get(item.name) };
  const [field, answers] = [form.querySelector("fieldset"), form.querySelector("details")];
  const inputs = [...field.querySelectorAll("input")];
  inputs.forEach((input) => set(input, { ...OWN, name: `${item.name}-${Math.random()}` }));
  if (item.options) inputs.forEach((input) => (input.name = inputs[0].name));
  const kind = open(field, inputs, item, kept, form);
  const row = add(form, "div", { class: "row" });
  const submit = set(button(row, "That is my answer", () => {}), { type: "submit" });
  const hands = root.closest(".reveal") && button(row, item.options ? "count hands" : "note a hand", () => {
    if (item.options) return field.classList.toggle("counting");
    const value = kind.read();
    if (typeof value === "string") return (says.textContent = value);
    kept.hands.push(value);
    says.textContent = `${kept.hands.length} noted.`;
    keep();
  });
  const retry = button(row, "answer again", () => forget());
  const says = add(form, "p", { role: "status" });
  form.append(answers);
  const keep = () => (shelf.put(item.name, kept), kind.show("mine" in kept || kept.told));
  const show = () => {
    const done = "mine" in kept || kept.told;
    form.classList.toggle("answered", !!done);
    inputs.forEach((input) => (input.disabled = !!done));
    answers.hidden = retry.hidden = !done;
    submit.hidden = !!done;
    if (hands) hands.hidden = done && !item.options;
    says.innerHTML = done ? kind.tell(kept) : "";
    keep();
  };
  const forget = () => {
    delete kept.mine, delete kept.told;
    kept.hands = [];
    answers.open = false;
    field.classList.remove("counting");
    kind.clear();
    show();
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const value = kind.read();
    const room = kept.hands.some((hand) => hand || !item.options);
    if (typeof value !== "string") kept.mine = value;
    else if (room) kept.told = true;
    else return (says.textContent = value);
    show();
    retry.focus();
  });
  kind.start(keep);
  show();
  return forget;
}
