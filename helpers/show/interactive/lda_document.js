// One document under LDA: each word with its phi as a striped bar, gamma, and the bound.
import { axes, draw, line, number, set, write } from "./drawing.js";
import { player } from "./player.js";

// How wide a word is at most, in units of its font's size: the page's font is not known here.
const ems = (word) => Array.from(word, (c) => ("ijlftr'".includes(c) ? 0.4 : "mwMW".includes(c) ? 1 : 0.65)).reduce((a, b) => a + b, 0);

export const figure = {
  size: [900, 350],
  split: 565,
  player,

  compute(data, { step }) {
    const numbers = { elbo: data.elbos[step], gamma: data.gamma[step], top: data.top[step] };
    const evidence = data.log_evidence;
    return evidence === null ? numbers : { ...numbers, log_evidence: evidence, kl: evidence - data.elbos[step] };
  },

  build(stage, data) {
    const topics = data.names.length;
    const colour = (k) => `fill:var(--series-${k});stroke:var(--series-${k})`;
    let [x, y] = [10, 0];
    const size = 20.5;
    const words = data.words.map((word) => {
      const width = size * ems(word) + 4;
      if (x + width > (stage.narrow ? 560 : 895)) [x, y] = [10, y + 40];
      const label = draw(stage, "text", { x: x + width / 2, y: y + 18, class: "mid", style: `font-size:${size}px` }, word);
      const stripes = data.names.map((_, k) => draw(stage, "rect", { class: "stripe", y: y + 24, height: 9, style: colour(k) }));
      const at = { x, width, label, stripes };
      x += width + 6;
      return at;
    });
    const top = y + 75;
    const bottom = Math.max(300, top + 110);
    figure.size[1] = bottom + 50;
    const most = Math.max(...data.gamma.flat());
    const wide = (bottom - top) / topics;
    const left = 30 + 11.5 * Math.max(...data.names.map((name) => name.length));
    const bars = data.names.map((name, k) => {
      const row = top + wide * k;
      write(stage, left - 10, row + wide / 2 + 6, name, "end");
      return [draw(stage, "rect", { class: "stripe", x: left, y: row + 3, height: wide - 8, style: colour(k) }),
              draw(stage, "text", { y: row + wide / 2 + 6 })];
    });
    write(stage, left, top - 8, "γ, topic by topic");
    const last = data.elbos.length - 1;
    const trace = axes(stage.aside, { box: [620, top, 890, bottom], x: [0, Math.max(last, 1)], y: data.range, ylabel: "ELBO, nats",
      yticks: data.yticks, xlabel: "update" });
    if (data.log_evidence !== null) line(stage.aside, "evidence", `M620,${trace.Y(data.log_evidence)}H890`);
    const climb = line(trace.pane, "elboline");
    const dot = draw(stage.aside, "circle", { class: "elbodot", r: 7 });
    return ({ elbo, gamma }, { step }) => {
      words.forEach((word, n) => {
        let left = word.x;
        data.phi[step][n].forEach((share, k) => {
          set(word.stripes[k], { x: left, width: share * word.width });
          left += share * word.width;
        });
      });
      bars.forEach(([rect, text], k) => {
        const width = ((420 - left) * gamma[k]) / most;
        set(rect, { width });
        set(text, { x: left + width + 10 }).textContent = number(gamma[k]);
      });
      const steps = data.elbos.slice(0, step + 1);
      set(climb, { d: trace.path(steps.map((_, i) => i), steps) });
      set(dot, { cx: trace.X(step), cy: trace.Y(elbo) });
    };
  },

  describe({ elbo, gamma, kl, log_evidence, top }, { step }, data) {
    const largest = Math.max(...gamma);
    const k = gamma.indexOf(largest);
    const alike = gamma.every((value) => largest - value < 0.005);
    const gap = kl === undefined ? "" : `, ${number(kl, 3)} below the log evidence ${number(log_evidence, 3)}`;
    const held = top.filter((topic) => topic === k).length;
    return `${step ? `Update ${step}, of ${data.updated[step]}` : "Start"}: ELBO ${number(elbo, 3)}${gap}. ` +
      (alike
        ? `All γ are ${number(largest)}, and no topic is ahead for any word.`
        : `The largest γ is that of “${data.names[k]}”, ${number(largest)}; ${held} of ${top.length} words have it as their first topic.`);
  },
};
