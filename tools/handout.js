// Run inside a deck opened for print: the slides on sheets, with room to write or with the notes.
({perPage, teacher}) => {
  const columns = perPage > 3 ? 2 : 1;
  const beside = perPage === 3;
  const zoom = beside ? 0.3 : columns === 2 ? 0.27 : perPage === 1 ? 0.55 : 0.5;
  const sheets = document.createElement("main");
  const pages = [...document.querySelectorAll(".pdf-page")];
  pages.forEach((page, index) => {
    if (index % perPage === 0) sheets.append(Object.assign(document.createElement("div"), {className: "sheet"}));
    const item = Object.assign(document.createElement("div"), {className: "item"});
    item.innerHTML = '<div class="frame"><div class="reveal"><div class="slides"></div></div></div><div class="room"></div>';
    const slide = page.querySelector("section");
    const notes = [...slide.querySelectorAll("aside.notes")];
    if (teacher) notes.forEach((note) => item.querySelector(".room").append(...note.childNodes));
    else hideAnswers(slide);
    slide.querySelectorAll("details:not(.source)").forEach((fold) => { teacher ? fold.open = true : fold.remove(); });
    item.querySelector(".slides").append(page);
    sheets.lastElementChild.append(item);
  });
  document.body.replaceChildren(sheets);
  document.querySelectorAll("style").forEach((style) => { if (/^\s*@page/.test(style.textContent)) style.remove(); });
  document.head.insertAdjacentHTML("beforeend", `<style>
    html, body, main { height: auto !important; width: auto !important; overflow: visible !important; background: #fff !important; }
    .sheet { width: 714px; height: 1040px; break-after: page; display: grid; gap: 18px 24px; align-content: stretch;
      grid-template: repeat(${Math.ceil(perPage / columns)}, minmax(0, 1fr)) / repeat(${columns}, minmax(0, 1fr)); }
    .item { display: flex; flex-direction: ${beside ? "row" : "column"}; gap: 14px; min-height: 0; min-width: 0; }
    .frame { zoom: ${zoom}; width: 1280px; height: 720px; flex: none; border: 3px solid #999; overflow: hidden; }
    .frame .reveal, .frame .slides, .frame .pdf-page { position: relative !important; inset: auto !important; width: 1280px !important;
      height: 720px !important; transform: none !important; margin: 0 !important; zoom: 1 !important; }
    .room { flex: 1; min-height: 0; overflow: hidden; font: 12px/1.4 "Lecture Sans", sans-serif; color: #1b1f24; }
    .room:empty { background: repeating-linear-gradient(#fff 0 27px, #bbb 27px 28px); }
    .room p, .room li { margin: 0 0 5px; } .backgrounds { display: none !important; }
    .answered .body > * { visibility: hidden !important; }
  </style>`);

  // The slide that answers keeps its heading; on the one that asks, all that comes later is blank.
  function hideAnswers(slide) {
    if (slide.querySelector(".answer")) slide.classList.add("answered");
    const question = slide.querySelector(".predict, form[data-predict]");
    if (!question) return;
    slide.querySelectorAll(".fragment").forEach((later) => {
      if (!later.closest(".predict")) later.style.visibility = "hidden";
    });
  }
}
