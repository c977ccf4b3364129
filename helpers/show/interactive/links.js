// A posterior's links, cut by a click, and the gap that opens: all 16 assignments are summed.
import { column } from "./column.js";
import { draw, line, number, set, write } from "./drawing.js";

const PLACES = [[130, 95], [400, 95], [130, 245], [400, 245]];
const sum = (values) => values.reduce((a, b) => a + b, 0);

function cutting({ stage, settings, go }) {
  stage.addEventListener("click", ({ target }) => {
    const name = target.dataset.link;
    if (name) go({ [name]: 1 - settings[name] });
  });
}

export const figure = {
  size: [900, 308],
  split: 560,
  extras: [cutting],

  compute({ log_joint, best, links, bits }, settings) {
    const q = best[sum(links.map(([name], i) => (1 - settings[name]) * 2 ** i))];
    const log_evidence = Math.log(sum(log_joint.map(Math.exp)));
    const p = log_joint.map((v) => Math.exp(v - log_evidence));
    const on = (table) => bits[0].map((_, i) => sum(table.map((mass, row) => mass * bits[row][i])));
    return {
      elbo: sum(q.map((mass, i) => mass * (log_joint[i] - Math.log(mass)))),
      kl: sum(q.map((mass, i) => mass * Math.log(mass / p[i]))), log_evidence, q_on: on(q), p_on: on(p),
    };
  },

  build(stage, { nodes, links, ceiling }) {
    const ties = links.map(([name, i, j]) => {
      const d = `M${PLACES[i]}L${PLACES[j]}`;
      const tie = line(stage, "inference", d);
      set(line(stage, "grip", d), { "data-link": name, style: "stroke-width:44" });
      return tie;
    });
    const marks = nodes.map((name, i) => {
      const [cx, cy] = PLACES[i];
      draw(stage, "circle", { class: "latent", cx, cy, r: 27 });
      write(stage, cx, cy + 7, name, "mid");
      return write(stage, cx, cy + (i < 2 ? -38 : 54), "", "mid");
    });
    const bars = column(stage.aside, { x: 573, top: 50, bottom: 278, ceiling });
    return ({ elbo, log_evidence, q_on, p_on }, settings) => {
      ties.forEach((tie, i) => set(tie, { class: settings[links[i][0]] ? "inference severed" : "inference" }));
      marks.forEach((mark, i) => (mark.textContent = `on: q ${number(q_on[i])}, p ${number(p_on[i])}`));
      bars(elbo, log_evidence);
    };
  },

  describe({ elbo, kl, log_evidence }, settings, { links, names }) {
    const gone = names.filter((_, i) => settings[links[i][0]]);
    return (gone.length ? `Cut: ${gone.join(", ")}. ` : "All links are kept: q is the posterior. ") +
      (gone.length > 3 ? "Mean field is left. " : "") +
      `The best such q has ELBO ${number(elbo, 3)} + KL(q‖p) ${number(kl, 3)} = log evidence ${number(log_evidence, 3)} nats.`;
  },
};
