// Figures on a dark ground: every colour of a drawing is the palette's, or one of its colours mixed
// with white; its twin is the dark one, mixed as much with the dark paper.
const channels = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
const hexOf = (rgb) => "#" + rgb.map((c) => Math.round(c).toString(16).padStart(2, "0")).join("");
const mixed = (from, to, amount) => from.map((c, i) => (1 - amount) * c + amount * to[i]);
const twins = new Map();

function darkTwin(hex) {
  if (!twins.has(hex)) twins.set(hex, findTwin(channels(hex)));
  return twins.get(hex);
}

// The palette's colour and share of paper that come nearest to a colour; greys are ink on paper.
function findTwin(rgb) {
  const [white, paper] = [[255, 255, 255], channels(window.darkPaper)];
  let best = [Infinity];
  for (const [light, dark] of window.paletteColours) {
    const own = channels(light);
    const length = own.reduce((sum, c, i) => sum + (white[i] - c) ** 2, 0);
    if (!length) continue;
    const along = own.reduce((sum, c, i) => sum + (white[i] - rgb[i]) * (white[i] - c), 0) / length;
    const share = Math.min(1, Math.max(0, along));
    const miss = Math.hypot(...mixed(white, own, share).map((c, i) => c - rgb[i]));
    // of two that fit, the purer: a muted line is no pale ink
    if (miss - 2 * share < best[0]) best = [miss - 2 * share, dark, share];
  }
  return hexOf(mixed(paper, channels(best[1]), best[2]));
}

function recolour(image) {
  const [head, data] = image.src.split("base64,");
  const svg = new TextDecoder().decode(Uint8Array.from(atob(data), (c) => c.charCodeAt(0)))
    .replace(/#[0-9a-fA-F]{6}\b/g, (hex) => darkTwin(hex));
  // matplotlib leaves out what is black, as SVG's own default
  const lit = svg.replace("<svg ", `<svg fill="${darkTwin("#000000")}" `);
  return `${head}base64,${btoa(String.fromCharCode(...new TextEncoder().encode(lit)))}`;
}

function followTheme() {
  const isDark = document.documentElement.dataset.theme === "dark";
  for (const image of document.querySelectorAll('img[src^="data:image/svg+xml;base64"]')) {
    image.lightSource ??= image.src;
    const lit = isDark || image.closest(".title");
    if (lit) image.darkSource ??= recolour(image);
    image.src = lit ? image.darkSource : image.lightSource;
    image.classList.toggle("dark", Boolean(lit));
  }
}
