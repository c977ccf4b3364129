// Explaining away: p(z2 | x) with and without knowing z1, and a q that cannot know.
import { axes, draw, number, set, write } from "./drawing.js";
import { player } from "./player.js";

export const figure = {
  size: [900, 350],
  split: 640,
  player,

  compute(data, { seen }) {
    const [neither, second, first, both, , qSecond, evidence, elbo] = data.rows[seen];
    return {
      second: second + both, second_given_first: both / (first + both),
      second_given_not_first: second / (neither + second), q_second: qSecond,
      log_evidence: evidence, elbo, kl: evidence - elbo,
    };
  },

  build(stage, data) {
    const [one, two] = data.names;
    let x = 10;
    const tiles = data.words.map((word) => {
      const width = 11 * word.length + 16;
      const tile = [draw(stage, "rect", { class: "axis", x, y: 6, width, height: 32, rx: 5 }),
                    draw(stage, "text", { x: x + width / 2, y: 29, class: "mid" }, word)];
      x += width + 8;
      return tile;
    });
    const labels = [`p(${two} | x)`, `p(${two} | x, ${one} = 1)`, `p(${two} | x, ${one} = 0)`, `q(${two}), mean field`];
    const frame = axes(stage, { box: [272, 55, 590, 300], x: [0, 1], y: [0, 1], xticks: [0, 0.5, 1], xlabel: `probability of ${two}` });
    const bars = labels.map((label, i) => {
      const y = 65 + 60 * i;
      write(stage, 262, y + 26, label, "end");
      return [draw(stage, "rect", { class: i === 3 ? "qbar" : "p", x: 272, y, height: 38 }), write(stage, 0, y + 26, "")];
    });
    const gap = axes(stage.aside, { box: [740, 80, 880, 300], x: [0, 1], y: [0, data.deepest * 1.15 || 1], ylabel: "KL(q‖p), nats",
      yticks: [0, data.deepest / 2, data.deepest].map((v) => Number(v.toFixed(2))) });
    const kl = draw(stage.aside, "rect", { class: "kl", x: 775, width: 70 });
    const value = write(stage.aside, 810, 0, "", "mid");
    return (numbers, { seen }) => {
      tiles.forEach((tile, i) => tile.forEach((part) => set(part, { opacity: i < seen ? 1 : 0.4 })));
      [numbers.second, numbers.second_given_first, numbers.second_given_not_first, numbers.q_second].forEach((p, i) => {
        set(bars[i][0], { width: frame.X(p) - 272 });
        set(bars[i][1], { x: frame.X(p) + 8 }).textContent = number(p);
      });
      set(kl, { y: gap.Y(numbers.kl), height: 300 - gap.Y(numbers.kl) });
      set(value, { y: gap.Y(numbers.kl) - 8 }).textContent = number(numbers.kl, 3);
    };
  },

  describe(numbers, { seen }, data) {
    const [one, two] = data.names;
    const { second, second_given_first: on, second_given_not_first: off } = numbers;
    return (seen ? `After “${data.words[seen - 1]}”` : "Before any word") + `: p(${two}) is ${number(second)}; ` +
      (Math.abs(on - off) < 0.005
        ? `to learn whether ${one} is on would change nothing: the factors are independent. `
        : `if ${one} is on it is ${number(on)}, if not ${number(off)}: given the words the factors depend on each other. `) +
      `q cannot say “if”: KL ${number(numbers.kl, 3)} nats.`;
  },
};
