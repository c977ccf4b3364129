// The gaps of amortised inference, hanging from each document's log evidence.
import { axes, draw, number, set } from "./drawing.js";
import { player } from "./player.js";

export const figure = {
  size: [900, 350],
  player,

  compute(data, { stage, document: d }) {
    const [evidence, best, network] = data.tables[stage];
    return {
      family_gap: evidence[d] - best[d], network_gap: best[d] - network[d], log_evidence: evidence[d], elbo: network[d],
      family_gaps: evidence.map((v, i) => v - best[i]), network_gaps: best.map((v, i) => v - network[i]),
    };
  },

  build(stage, data) {
    const count = data.names.length;
    const { Y } = axes(stage, { box: [80, 60, 890, 290], x: [0, count], y: [-data.deepest, 0], yticks: data.yticks,
      ylabel: "nats from log p(x)" });
    const wide = 810 / count;
    const bars = data.names.map((name, i) => {
      const at = { x: 80 + wide * (i + 0.18), width: wide * 0.64 };
      draw(stage, "text", { x: 80 + wide * (i + 0.5), y: 314, class: "mid" }, name);
      return ["kl", "klopen"].map((look) => draw(stage, "rect", { ...at, class: look }));
    });
    draw(stage, "path", { class: "evidence", d: `M80,60H890` });
    draw(stage, "text", { x: 485, y: 340, class: "mid" }, "document");
    const mark = draw(stage, "path", { class: "axis thick" });
    [["kl", 300, "the family’s gap"], ["klopen", 530, "the network’s gap"]].forEach(([look, x, label]) => {
      draw(stage, "rect", { class: look, x, y: 12, width: 30, height: 18 });
      draw(stage, "text", { x: x + 40, y: 27 }, label);
    });
    return ({ family_gaps, network_gaps }, { document: d }) => {
      bars.forEach(([family, network], i) => {
        const middle = Y(-family_gaps[i]);
        set(family, { y: 60, height: Math.max(middle - 60, 0) });
        set(network, { y: middle, height: Math.max(Y(-family_gaps[i] - network_gaps[i]) - middle, 0) });
      });
      set(mark, { d: `M${80 + wide * (d + 0.25)},320h${wide * 0.5}` });
    };
  },

  describe: ({ family_gap, network_gap, log_evidence, elbo }, { document: d, stage }, data) =>
    `Document ${data.names[d]}: ELBO of the network ${number(elbo)} + its own gap ${number(network_gap, 3)} + the family’s gap ` +
    `${number(family_gap, 3)} = log evidence ${number(log_evidence)}. ` +
    (network_gap < 0.01 ? "The network finds the best q of its family." : "A q fitted to this document alone would be better."),
};
