// Run inside a deck: what a class sees on each slide when all its build-ups are shown, as numbers.
async () => {
  const CELL = 40;
  const hidden = "aside.notes, mjx-assistive-mml, script, style, .running, .strip, details.source";
  const scale = Reveal.getScale();
  const frame = document.querySelector(".reveal .slides").getBoundingClientRect();
  const lines = (text) => text.split("\n").filter((line) => line.trim()).length;
  const area = (box) => box.width * box.height / scale ** 2;

  // The share of the body's 40-px cells that a word, formula or picture touches.
  function inked(slide) {
    const body = slide.querySelector(".body");
    if (!body) return 0;
    const touched = new Set();
    const box = body.getBoundingClientRect();
    const touch = ({left, top, right, bottom}) => {
      for (let x = Math.floor((left - box.left) / scale / CELL); x * CELL < (right - box.left) / scale; x++)
        for (let y = Math.floor((top - box.top) / scale / CELL); y * CELL < (bottom - box.top) / scale; y++)
          touched.add(`${x} ${y}`);
    };
    const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (!node.data.trim() || node.parentElement.closest(`${hidden}, svg`)) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      [...range.getClientRects()].forEach(touch);
    }
    for (const drawn of body.querySelectorAll("svg, img, canvas, video, .vi-callout b")) {
      if (!drawn.closest(hidden)) touch(drawn.getBoundingClientRect());
    }
    return touched.size / (Math.ceil(box.width / scale / CELL) * Math.ceil(box.height / scale / CELL));
  }

  function words(slide) {
    const copy = document.createElement("div");
    const seen = [...slide.querySelectorAll(".cell.text, .html")].filter((e) => !e.closest(hidden));
    copy.append(...seen.map((e) => e.cloneNode(true)));
    copy.querySelectorAll("mjx-container, svg, script, style, .vi-figure, table").forEach((e) => e.replaceWith(" x "));
    return copy.textContent.split(/\s+/).filter(Boolean).length;
  }

  function smallest(slide) {
    const found = [99, ""];
    const walker = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const parent = node.parentElement;
      if (!node.data.trim() || parent.closest(`${hidden}, mjx-container, sub, sup, [aria-hidden=true]`)) continue;
      if (!parent.getClientRects().length) continue;
      const matrix = parent.closest("svg") ? parent.getScreenCTM() : null;
      const size = parseFloat(getComputedStyle(parent).fontSize) * (matrix ? Math.hypot(matrix.a, matrix.b) / scale : 1);
      if (size < found[0]) found.splice(0, 2, size, node.data.trim().slice(0, 40));
    }
    return found;
  }

  // Pictures as shown: their share of the slide, and of the size that they were drawn for.
  function pictures(slide) {
    let [share, zoom, count, graphs] = [0, 1, 0, 0];
    for (const picture of slide.querySelectorAll("figure > svg, figure > img, .html img, .vi-core, .text img")) {
      if (picture.closest(hidden)) continue;
      count += 1;
      graphs += /^Graphical model/.test(picture.alt ?? picture.getAttribute("aria-label") ?? "");
      const own = picture.naturalWidth || picture.width?.baseVal?.value;
      const box = picture.getBoundingClientRect();
      const drawn = own ? Math.min(box.width / scale / own, box.height / scale / (picture.naturalHeight || picture.height.baseVal.value)) : 1;
      if (own) zoom = Math.min(zoom, drawn);
      const wide = own ? drawn * own * (picture.naturalHeight || picture.height.baseVal.value) : area(box);
      share = picture.closest(".sequence") ? Math.max(share, wide) : share + wide;
    }
    return {count, graphs, share: share / (1280 * 720), zoom};
  }

  const drawnAnew = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const found = [];
  for (const [index, slide] of [...document.querySelectorAll("section.lecture")].entries()) {
    Reveal.slide(index);
    if (slide.querySelector(".vi-figure")) await drawnAnew();
    const later = [...slide.querySelectorAll(".fragment")];
    later.forEach((fragment) => fragment.classList.add("visible"));
    const shown = (selector) => [...slide.querySelectorAll(selector)].filter((e) => !e.closest(hidden));
    const text = shown(".cell.text, .html").map((e) => e.innerText).join(" ");
    found.push({
      heading: slide.querySelector("h1, h2, h3")?.innerText ?? slide.querySelector(".running")?.innerText ?? "",
      own: Boolean(slide.querySelector("h1, h2, h3")),
      title: slide.matches(".title, .outline"),
      prints: shown("pre.out").reduce((sum, e) => sum + lines(e.innerText), 0),
      code: Math.max(0, ...shown(".source pre, .text pre").map((e) => lines(e.innerText))),
      pictures: pictures(slide),
      beside: Boolean(slide.querySelector(".columns")),
      content: shown("table, .html, mjx-container[display=true], .outputs > .text").length,
      predict: Boolean(slide.querySelector(".predict, form[data-predict]")) || /^Predict\b/.test(slide.querySelector("h2, h3")?.innerText ?? ""),
      // what stands beside a question from the start and is no formula or graph of the question
      early: shown("pre.out, .html table, .vi-callout").filter((e) => !e.closest(".fragment")).length,
      saw: /What you saw/i.test(text),
      words: words(slide),
      ink: inked(slide),
      smallest: smallest(slide),
      minutes: Number(slide.dataset.timing ?? 0) / 60,
    });
  }
  return found;
}
