// Explaining away: p(z2 | x) with and without knowing z1, and a q that cannot know.
import { add, axes, bar, number, set, write } from "./drawing.js";
import { playing } from "./player.js";

export const figure = {
  size: [900, 350],
  split: 640,
  extras: [playing],

  draw(stage, aside, { words, names: [one, two], deepest }, numbers, { seen }) {
    let x = 10;
    words.forEach((word, i) => {
      const width = 11 * word.length + 16;
      const tile = add(stage, "g", { opacity: i < seen ? 1 : 0.4 });
      set(bar(tile, "axis", x, 6, width, 32), { rx: 5 });
      write(tile, x + width / 2, 29, word, "mid");
      x += width + 8;
    });
    const { X } = axes(stage, { box: [272, 55, 590, 300], x: [0, 1], y: [0, 1], xticks: [0, 0.5, 1], xlabel: `probability of ${two}` });
    [
      [`p(${two} | x)`, numbers.second],
      [`p(${two} | x, ${one} = 1)`, numbers.second_given_first],
      [`p(${two} | x, ${one} = 0)`, numbers.second_given_not_first],
      [`q(${two}), mean field`, numbers.q_second],
    ].forEach(([label, p], i) => {
      const y = 65 + 60 * i;
      write(stage, 262, y + 26, label, "end");
      bar(stage, i === 3 ? "qbar" : "p", 272, y, X(p) - 272, 38);
      write(stage, X(p) + 8, y + 26, number(p));
    });
    const { Y } = axes(aside, { box: [740, 80, 880, 300], x: [0, 1], y: [0, deepest * 1.15 || 1], ylabel: "KL(q‖p), nats",
      yticks: [0, deepest / 2, deepest].map((v) => Number(v.toFixed(2))) });
    bar(aside, "kl", 775, Y(numbers.kl), 70, 300 - Y(numbers.kl));
    write(aside, 810, Y(numbers.kl) - 8, number(numbers.kl, 3), "mid");
  },

  describe({ second, second_given_first: on, second_given_not_first: off, kl }, { seen }, { words, names: [one, two] }) {
    return (seen ? `After “${words[seen - 1]}”` : "Before any word") + `: p(${two}) is ${number(second)}; ` +
      (Math.abs(on - off) < 0.005
        ? `to learn whether ${one} is on would change nothing: the factors are independent. `
        : `if ${one} is on it is ${number(on)}, if not ${number(off)}: given the words the factors depend on each other. `) +
      `q cannot say “if”: KL ${number(kl, 3)} nats.`;
  },
};
