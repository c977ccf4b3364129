// Build-ups: in a cell tagged "stepwise" the lines of a derivation, items of a list, rows of a
// table, groups of a drawing and pictures of a sequence become reveal.js fragments.
const ALIGNED = /\\begin\s*\{(align|alignat|aligned|alignedat|eqnarray|gather|gathered|split)\*?\}/;

const node = (kind) => `[data-mml-node="${kind}"]`;
const inMath = (element, kind) => [...element.querySelectorAll(node(kind))];

// The lines of an aligned derivation; none for matrices, cases and single formulas.
function derivationRows(item) {
  const environments = item.math.match(/\\begin\s*\{[^}]*\}/);
  if (!item.display || !environments || !ALIGNED.test(environments[0])) return [];
  const root = item.typesetRoot.querySelector(node("math"));
  const table = root?.querySelector(node("mtable"));
  if (!table) return [];
  const own = (row) => row.parentNode.closest(node("mtable")) === table;
  const rows = [...inMath(table, "mtr"), ...inMath(table, "mlabeledtr")].filter(own);
  rows.sort((a, b) => (a.compareDocumentPosition(b) & 4 ? -1 : 1));
  tieLabels(table, rows);
  return rows;
}

// MathJax draws equation numbers apart from their lines: let each come and go with its line.
function tieLabels(table, rows) {
  const labels = [...(table.querySelector("g[data-labels]")?.children ?? [])];
  for (const row of rows.filter((row) => row.dataset.mmlNode === "mlabeledtr")) {
    const label = labels.shift();
    if (!label) continue;
    label.classList.add("label-of-step");
    const follow = () => label.classList.toggle("hidden",
      row.classList.contains("fragment") && !row.classList.contains("visible"));
    new MutationObserver(follow).observe(row, {attributes: true, attributeFilter: ["class"]});
    follow();
  }
}

// Labelled braces in reading order: everything of an \overbrace or \underbrace but its contents.
function braces(item) {
  const parts = [];
  for (const labelled of item.typesetRoot.querySelectorAll(`${node("mover")}, ${node("munder")}`)) {
    const inner = labelled.querySelector(`:scope > ${node("TeXAtom")} ${node("mo")}, :scope > ${node("mover")}, :scope > ${node("munder")}`);
    const brace = [...labelled.children].find((child) => ["mover", "munder"].includes(child.dataset.mmlNode)
      || (child.dataset.mmlNode === "TeXAtom" && child.querySelector(`:scope > ${node("mover")}, :scope > ${node("munder")}`)));
    if (!brace || !inner) continue;
    const pair = brace.dataset.mmlNode === "TeXAtom" ? brace.querySelector(`${node("mover")}, ${node("munder")}`) : brace;
    const label = [...labelled.children].find((child) => child !== brace);
    const sign = pair && [...pair.children].at(-1);
    if (label && sign) parts.push([sign, label]);
  }
  return parts;
}

function mark(element, group) {
  element.classList.add("fragment");
  if (group) element.dataset.group = group;
}

// A derivation's first line stands from the start, unless a build-up comes before it in its cell.
function markMath(cell, item, comesFirst) {
  const rows = derivationRows(item);
  rows.slice(comesFirst ? 1 : 0).forEach((row) => mark(row));
  if (!cell.classList.contains("stepwise-braces")) return rows.length > 0;
  const groups = (cell.dataset.braces ?? "").split(" ").filter(Boolean);
  const found = braces(item);
  found.forEach((parts, i) => parts.forEach((part) => mark(part, groups[i] ?? String(i + 1))));
  return rows.length > 0 || found.length > 0;
}

// List items, rows and lines of a Markdown cell, block by block; once something is built up, what
// follows comes with a key press too.
function markText(cell, items) {
  let started = false;
  for (const block of cell.children) {
    const math = items.filter((item) => item.display && block.contains(item.typesetRoot));
    const lines = [...block.querySelectorAll(":scope > li, :scope > tbody > tr")];
    lines.forEach((line) => mark(line));
    const marked = !lines.length && math.map((item) => markMath(cell, item, !started)).some(Boolean);
    if (started && !lines.length && !marked) mark(block);
    started ||= marked || lines.length > 0;
  }
}

function markPictures(cell) {
  for (const group of cell.querySelectorAll("[data-step]")) mark(group, group.dataset.step);
  const pictures = [...cell.querySelectorAll(":scope > .outputs > figure")];
  if (pictures.length < 2) return;
  const stack = document.createElement("div");
  stack.className = "sequence";
  pictures[0].before(stack);
  stack.append(...pictures);
  pictures.slice(1).forEach((picture) => mark(picture));
}

// Fragments in the order in which they come: that of the page, save that a group's members come
// together (lowest group first) and that a continued cell comes with the fragment it continues.
function number(slide) {
  let index = -1;
  const groups = new Map();
  for (const fragment of slide.querySelectorAll(".fragment")) {
    const cell = fragment.closest(".stepwise");
    if (fragment.matches(".continued")) fragment.dataset.fragmentIndex = slide.dataset.lastCell;
    else if (fragment.dataset.group) {
      const key = [...slide.querySelectorAll(".stepwise")].indexOf(cell);
      if (!groups.has(key)) {
        const names = [...cell.querySelectorAll("[data-group]")].map((e) => +e.dataset.group);
        groups.set(key, [index + 1, [...new Set(names)].sort((a, b) => a - b)]);
        index += groups.get(key)[1].length;
      }
      const [start, names] = groups.get(key);
      fragment.dataset.fragmentIndex = start + names.indexOf(+fragment.dataset.group);
    } else fragment.dataset.fragmentIndex = ++index;
    if (fragment.matches(".cell:not(.continued)")) slide.dataset.lastCell = index;
  }
}

function markSteps() {
  const items = [...MathJax.startup.document.math];
  for (const cell of document.querySelectorAll(".cell.stepwise")) {
    if (cell.matches(".text")) markText(cell, items);
    else {
      markPictures(cell);
      cell.querySelectorAll(":scope > .outputs > .text").forEach((text) => markText(text, items));
    }
  }
  document.querySelectorAll("section.lecture").forEach(number);
}
