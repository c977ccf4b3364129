// One document under LDA: each word with its phi as a striped bar, gamma, and the bound.
import { axes, number, set, sum, write } from "./drawing.js";
import { playing } from "./player.js";
import { gammas, stripes } from "./stripes.js";

const SIZE = 20.5; // px, of a word
// How wide a word is at most, in units of its font's size: the page's font is not known here.
const ems = (word) => sum(Array.from(word, (c) => ("ijlftr'".includes(c) ? 0.4 : "mwMW".includes(c) ? 1 : 0.65)));

export const figure = {
  split: 565,
  extras: [playing],

  draw(stage, aside, { words, names, numbers: { elbo: elbos, gamma: gammaOf }, range, yticks }, { gamma, phi, log_evidence }, { step }) {
    let [x, y] = [10, 0];
    words.forEach((word, n) => {
      const width = SIZE * ems(word) + 4;
      if (x + width > (stage.narrow ? 560 : 895)) [x, y] = [10, y + 40];
      set(write(stage, x + width / 2, y + 18, word, "mid"), { style: `font-size:${SIZE}px` });
      stripes(stage, phi[n], x, y + 24, width, 9);
      x += width + 6;
    });
    const top = y + 75;
    const bottom = Math.max(300, top + 110);
    const left = 30 + 11.5 * Math.max(...names.map((name) => name.length));
    gammas(stage, names, gamma, left, top, (bottom - top) / names.length, (420 - left) / Math.max(...gammaOf.flat()));
    const { curve, spot, level } = axes(aside, { box: [620, top, 890, bottom], x: [0, Math.max(elbos.length - 1, 1)], y: range,
      ylabel: "ELBO, nats", yticks, xlabel: "update", open: true });
    if (log_evidence !== undefined) level("evidence", log_evidence);
    curve("elboline", elbos.slice(0, step + 1).keys(), elbos);
    spot("elbodot", step, elbos[step], 7);
    return [900, bottom + 50];
  },

  describe({ elbo, gamma, kl, log_evidence, phi }, { step }, { names, updated }) {
    const largest = Math.max(...gamma);
    const k = gamma.indexOf(largest);
    const alike = gamma.every((value) => largest - value < 0.005);
    const gap = kl === undefined ? "" : `, ${number(kl, 3)} below the log evidence ${number(log_evidence, 3)}`;
    const held = phi.filter((shares) => shares.indexOf(Math.max(...shares)) === k).length;
    return `${step ? `Update ${step}, of ${updated[step]}` : "Start"}: ELBO ${number(elbo, 3)}${gap}. ` +
      (alike
        ? `All γ are ${number(largest)}, and no topic is ahead for any word.`
        : `The largest γ is that of “${names[k]}”, ${number(largest)}; ${held} of ${phi.length} words have it as their first topic.`);
  },
};
