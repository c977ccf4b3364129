// Sets the formulas, marks the build-ups, then starts reveal.js and says that the deck is ready.
(async () => {
  await MathJax.startup.promise;
  await MathJax.typesetPromise([document.querySelector(".slides")]);
  markSteps();
  // The speaker's window shows notes without MathJax's style sheet: keep what it can show.
  document.querySelectorAll("aside.notes mjx-assistive-mml").forEach((element) => element.remove());
  returnKeys();
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
  enlarge();
  new MutationObserver(followTheme).observe(document.documentElement, {attributeFilter: ["data-theme"]});
  followTheme();
  const printed = new Promise((resolve) => Reveal.on("pdf-ready", resolve));
  await Reveal.initialize({
    width: 1280, height: 720, margin: 0, minScale: 0.1, maxScale: 4,
    center: false, display: "flex", hash: true, navigationMode: "linear", transition: "none",
    backgroundTransition: "none", controls: false, controlsTutorial: false, slideNumber: false,
    defaultTiming: 0, pdfSeparateFragments: false, pdfMaxPagesPerSlide: 1, plugins: [RevealNotes],
  });
  if (Reveal.isPrintView()) await printed;  // until then slides are on their way to their pages
  Reveal.addKeyBinding({keyCode: 68, key: "D", description: "Light or dark"}, toggleTheme);
  Reveal.addKeyBinding({keyCode: 67, key: "C", description: "Show or fold the slide's code"}, toggleCode);
  document.documentElement.dataset.ready = "yes";
})();

// A drawing smaller than its place, such as a graph of three nodes, grows, up to half as large again.
function enlarge() {
  for (const image of document.querySelectorAll("figure > img")) {
    const column = image.closest(".columns") ? 648 : 1136;
    const zoom = Math.min(1.5, column / image.naturalWidth, 500 / image.naturalHeight);
    if (zoom > 1) Object.assign(image, {width: zoom * image.naturalWidth, height: zoom * image.naturalHeight});
  }
}

function toggleCode() {
  const folds = [...Reveal.getCurrentSlide().querySelectorAll("details.source")];
  const open = folds.every((fold) => fold.open);
  folds.forEach((fold) => { fold.open = !open; });
}

// A slider moved with the mouse gives the keys back to the deck, and a clicker's keys never move one.
function returnKeys() {
  const control = 'input[type="range"], input[type="radio"], input[type="checkbox"], button, summary';
  document.addEventListener("pointerup", (event) => {
    if (event.target.matches?.(control)) setTimeout(() => event.target.blur());
  });
  document.addEventListener("keydown", (event) => {
    if (!/^Page(Up|Down)$/.test(event.key) || !event.target.matches?.("input, button, select")) return;
    event.preventDefault();
    event.stopPropagation();
    event.target.blur();
    event.key === "PageDown" ? Reveal.next() : Reveal.prev();
  }, true);
}
