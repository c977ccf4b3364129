// Run inside a deck: what is wrong with each slide when all its build-ups are shown.
// Returns [[slide, kind, detail], ...]; the slides are counted from 1.
async () => {
  const [WIDTH, HEIGHT, SMALLEST, SHRUNK] = [1280, 720, 18, 0.8];
  const faults = [];
  const inPrint = document.documentElement.classList.contains("reveal-print");
  const text = (element) => (element.innerText ?? element.textContent).trim().replace(/\s+/g, " ").slice(0, 60);
  const say = (element) => `<${element.tagName.toLowerCase()}> "${text(element)}"`;
  const hidden = "aside.notes, mjx-assistive-mml, script, style, details:not([open]) > :not(summary)";

  const drawn = (slide) => [...slide.querySelectorAll("*")].filter((element) =>
    !element.closest(hidden) && !element.parentNode.closest("svg") && element.getClientRects().length);

  function overflow(slide, report) {
    const frame = (inPrint ? slide : document.querySelector(".reveal .slides")).getBoundingClientRect();
    const scale = inPrint ? 1 : Reveal.getScale();
    if (slide.scrollHeight > HEIGHT + 1 || slide.scrollWidth > WIDTH + 1) {
      report("overflow", `the content takes ${slide.scrollWidth} x ${slide.scrollHeight} px`);
    }
    for (const element of drawn(slide)) {
      const box = element.getBoundingClientRect();
      const [left, top] = [(box.left - frame.left) / scale, (box.top - frame.top) / scale];
      const [right, bottom] = [left + box.width / scale, top + box.height / scale];
      if (left < -1 || top < -1 || right > WIDTH + 1 || bottom > HEIGHT + 1) {
        report("overflow", `${say(element)} reaches ${[left, top, right, bottom].map(Math.round)}`);
        return;
      }
    }
  }

  // Content pressed into less room than it needs overlaps what comes next.
  function squeezed(slide, report) {
    for (const box of slide.querySelectorAll(".body, .columns, .cell, .outputs, .source pre")) {
      if (box.closest(hidden)) continue;
      if (box.scrollHeight > box.clientHeight + 3 || box.scrollWidth > box.clientWidth + 3) {
        report("squeezed", `${say(box)} needs ${box.scrollWidth} x ${box.scrollHeight} px, `
          + `has ${box.clientWidth} x ${box.clientHeight}`);
        return;
      }
    }
    for (const picture of slide.querySelectorAll("figure > svg, figure > img")) {
      const isImage = picture.tagName === "IMG";
      const width = isImage ? picture.naturalWidth : picture.width.baseVal.value;
      const height = isImage ? picture.naturalHeight : picture.height.baseVal.value;
      if (isImage && !picture.src.startsWith("data:image/svg")) continue;
      const scale = Math.min(picture.clientWidth / width, picture.clientHeight / height);
      if (scale < SHRUNK) report("shrunk", `a figure is shown at ${Math.round(100 * scale)} % of its size`);
    }
  }

  function small(slide, report) {
    const walker = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement;
      if (!node.data.trim() || parent.closest(`${hidden}, mjx-container, sub, sup`)) continue;
      if (!parent.getClientRects().length) continue;
      const matrix = parent.closest("svg") ? parent.getScreenCTM() : null;
      const scale = matrix ? Math.hypot(matrix.a, matrix.b) / (inPrint ? 1 : Reveal.getScale()) : 1;
      const size = parseFloat(getComputedStyle(parent).fontSize) * scale;
      if (size < SMALLEST - 0.1) report("small", `"${node.data.trim().slice(0, 40)}" is ${size.toFixed(1)} px`);
    }
  }

  function pictures(slide, report) {
    for (const picture of slide.querySelectorAll("img, svg, canvas, video")) {
      if (picture.closest("mjx-container") || picture.parentNode.closest("svg")) continue;
      if (picture.closest("[aria-hidden=true]")) continue;
      const label = picture.getAttribute("alt") || picture.getAttribute("aria-label")
        || picture.getAttribute("aria-labelledby") || picture.querySelector?.(":scope > title")?.textContent;
      if (!label?.trim()) report("alt", `a picture (${picture.tagName.toLowerCase()}) has no text alternative`);
      if (picture.tagName === "IMG" && !picture.naturalWidth) report("picture", "a picture does not load");
    }
  }

  function formulas(slide, report) {
    for (const error of slide.querySelectorAll('[data-mml-node="merror"], [data-mjx-error]')) {
      if (error.parentNode.closest('[data-mml-node="merror"], [data-mjx-error]')) continue;
      const said = error.dataset.mjxError || error.querySelector("title")?.textContent;
      report("formula", said || text(error));
    }
    const walker = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.parentElement.closest("mjx-container, code, pre, script, style, svg, mjx-assistive-mml")) continue;
      const left = node.data.match(/\$|\\[a-zA-Z]+|\\[[\]()]/);
      if (left) report("tex", `"${node.data.trim().slice(0, 60)}" was not set as a formula`);
    }
  }

  function notes(slide, report) {
    for (const note of slide.querySelectorAll("aside.notes")) {
      if (note.getClientRects().length) report("notes", `a speaker note is seen: "${text(note)}"`);
      if (note.parentNode !== slide) report("notes", "a speaker note hangs on a build-up");
    }
  }

  // an interactive figure fits itself to its slide once that is shown
  const drawnAnew = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const slides = [...document.querySelectorAll("section.lecture")];
  for (const [index, slide] of slides.entries()) {
    const report = (kind, detail) => faults.push([index + 1, kind, detail]);
    if (!inPrint) Reveal.slide(index);
    slide.querySelectorAll(".fragment").forEach((fragment) => fragment.classList.add("visible"));
    if (slide.querySelector(".vi-figure")) await drawnAnew();
    for (const look of [overflow, squeezed, small, pictures, formulas, notes]) look(slide, report);
  }
  return faults;
}
