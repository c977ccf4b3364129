// One document under LDA, one of its words forced into a topic: phi, gamma and the bound answer.
import { clicking } from "./click.js";
import { column } from "./column.js";
import { bar, number, set, write } from "./drawing.js";
import { gammas, stripes } from "./stripes.js";

export const figure = {
  split: 565,
  extras: [clicking],

  click(clicked, { word, topic }, { names }) {
    const chosen = Number(clicked.word);
    return clicked.word && { word: chosen, topic: chosen === word ? (topic + 1) % (names.length + 1) : 1 };
  },

  draw(stage, aside, { words, names, ceiling }, numbers, { word, topic }) {
    words.forEach((text, n) => {
      const [x, y] = [10 + 93 * (n % 6), 12 + 70 * Math.floor(n / 6)];
      set(bar(stage, topic && n === word ? "axis thick" : "axis", x, y, 86, 60), { rx: 6 });
      write(stage, x + 43, y + 25, text, "mid");
      stripes(stage, numbers.phi[n], x + 4, y + 36, 78, 16);
      set(bar(stage, "grip", x, y, 86, 60), { "fill-opacity": 0, "data-word": n });
    });
    gammas(stage, names, numbers.gamma, 142, 194, 42, 27);
    column(aside, { ceiling, name: "log p(w)" }, numbers);
  },

  describe({ elbo, kl, log_evidence }, { word, topic }, { words, names, numbers }) {
    const [phi, bound] = [numbers.phi[word][0][word], numbers.elbo[word][0]];
    const own = phi.indexOf(Math.max(...phi));
    return `“${words[word]}” (word ${word + 1}), left alone, is ${names[own]} with φ ${number(phi[own])}. ` +
      (topic ? `Forced into ${names[topic - 1]}, it costs ${number(bound - elbo)} nats of the bound. ` : "") +
      `ELBO ${number(elbo)} + KL ${number(kl)} = log p(w) ${number(log_evidence)} nats.`;
  },
};
