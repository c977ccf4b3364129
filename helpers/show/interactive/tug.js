// One document under LDA, one of its words forced into a topic: phi, gamma and the bound answer.
import { column } from "./column.js";
import { draw, number, set, write } from "./drawing.js";

const sum = (values) => values.reduce((a, b) => a + b, 0);
const up = (x, f, tail) => (x < 9 ? up(x + 1, f, tail) - f(x) : tail(x));
const digamma = (x) => up(x, (y) => 1 / y, (y) => Math.log(y) - 0.5 / y - (1 / 12 - (1 / 120 - 1 / 252 / y ** 2) / y ** 2) / y ** 2);
const logGamma = (x) => up(x, Math.log, (y) =>
  (y - 0.5) * Math.log(y) - y + Math.log(2 * Math.PI) / 2 + (1 / 12 - (1 / 360 - 1 / 1260 / y ** 2) / y ** 2) / y);
// Of a Dirichlet: minus its log normaliser.
const constant = (a) => logGamma(sum(a)) - sum(a.map(logGamma));

function forcing({ stage, data, settings, go }) {
  stage.addEventListener("click", ({ target }) => {
    const word = target.dataset.word;
    if (word) go({ word: +word, topic: +word === settings.word ? (settings.topic + 1) % (data.names.length + 1) : 1 });
  });
}

export const figure = {
  size: [900, 340],
  split: 560,
  extras: [forcing],

  compute({ alpha, log_topics, updates, log_evidence }, { word, topic }) {
    let gamma = alpha.map((a) => a + log_topics.length / alpha.length);
    let phi;
    const weights = () => gamma.map((g) => digamma(g) - digamma(sum(gamma)));
    for (let step = 0; step < updates; step++) {
      const theta = weights();
      phi = log_topics.map((row, n) => {
        if (topic && n === word) return row.map((_, k) => +(k === topic - 1));
        const shares = row.map((v, k) => Math.exp(v + theta[k]));
        return shares.map((share) => share / sum(shares));
      });
      gamma = alpha.map((a, k) => a + sum(phi.map((row) => row[k])));
    }
    const theta = weights();
    const words = sum(phi.map((row, n) => sum(row.map((mass, k) => mass && mass * (theta[k] + log_topics[n][k] - Math.log(mass))))));
    const elbo = words + constant(alpha) - constant(gamma) + sum(theta.map((t, k) => (alpha[k] - gamma[k]) * t));
    return { elbo, kl: log_evidence - elbo, log_evidence, gamma, phi };
  },

  build(stage, data) {
    const colour = (k) => `fill:var(--series-${k});stroke:var(--series-${k})`;
    const words = data.words.map((word, n) => {
      const [x, y] = [10 + 93 * (n % 6), 12 + 70 * Math.floor(n / 6)];
      const frame = draw(stage, "rect", { class: "axis", x, y, width: 86, height: 60, rx: 6 });
      write(stage, x + 43, y + 25, word, "mid");
      const stripes = data.names.map((_, k) => draw(stage, "rect", { class: "stripe", y: y + 36, height: 16, style: colour(k) }));
      draw(stage, "rect", { class: "grip", x, y, width: 86, height: 60, "fill-opacity": 0, "data-word": n });
      return { x: x + 4, frame, stripes };
    });
    const bars = data.names.map((name, k) => {
      write(stage, 130, 223 + 42 * k, name, "end");
      return [draw(stage, "rect", { class: "stripe", x: 142, y: 200 + 42 * k, height: 32, style: colour(k) }), write(stage, 0, 223 + 42 * k, "")];
    });
    write(stage, 142, 186, "γ, topic by topic");
    const bound = column(stage.aside, { x: 573, top: 50, bottom: 290, ceiling: data.log_evidence, name: "log p(w)" });
    return ({ elbo, log_evidence, gamma, phi }, { word, topic }) => {
      words.forEach(({ x, frame, stripes }, n) => {
        set(frame, { class: topic && n === word ? "axis thick" : "axis" });
        let left = x;
        stripes.forEach((stripe, k) => {
          set(stripe, { x: left, width: 78 * phi[n][k] });
          left += 78 * phi[n][k];
        });
      });
      bars.forEach(([bar, label], k) => {
        set(bar, { width: 27 * gamma[k] });
        set(label, { x: 152 + 27 * gamma[k] }).textContent = number(gamma[k]);
      });
      bound(elbo, log_evidence);
    };
  },

  describe({ elbo, kl, log_evidence }, { word, topic }, { words, names, free, free_elbo }) {
    const own = free[word].indexOf(Math.max(...free[word]));
    const liked = `“${words[word]}” (word ${word + 1}), left alone, is ${names[own]} with φ ${number(free[word][own])}. `;
    return liked + (topic ? `Forced into ${names[topic - 1]}, it costs ${number(free_elbo - elbo)} nats of the bound. ` : "") +
      `ELBO ${number(elbo)} + KL ${number(kl)} = log p(w) ${number(log_evidence)} nats.`;
  },
};
