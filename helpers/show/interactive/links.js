// A posterior's links, cut by a click, and the gap that opens.
import { clicking } from "./click.js";
import { column } from "./column.js";
import { dot, line, number, set, write } from "./drawing.js";

const PLACES = [[130, 95], [400, 95], [130, 245], [400, 245]];

export const figure = {
  size: [900, 308],
  split: 560,
  extras: [clicking],
  click: ({ link }, settings) => link && { [link]: 1 - settings[link] },

  draw(stage, aside, { nodes, links, ceiling, p_on }, numbers, settings) {
    for (const [name, i, j] of links) {
      const d = `M${PLACES[i]}L${PLACES[j]}`;
      line(stage, settings[name] ? "inference severed" : "inference", d);
      set(line(stage, "grip", d), { "data-link": name, style: "stroke-width:44" });
    }
    nodes.forEach((name, i) => {
      const [x, y] = PLACES[i];
      dot(stage, "latent", x, y, 27);
      write(stage, x, y + 7, name, "mid");
      write(stage, x, y + (i < 2 ? -38 : 54), `on: q ${number(numbers.q_on[i])}, p ${number(p_on[i])}`, "mid");
    });
    column(aside, { bottom: 278, ceiling }, numbers);
  },

  describe({ elbo, kl, log_evidence }, settings, { links, nodes }) {
    const gone = links.filter(([name]) => settings[name]).map(([, i, j]) => `${nodes[i]}–${nodes[j]}`);
    return (gone.length ? `Cut: ${gone.join(", ")}. ` : "All links are kept: q is the posterior. ") +
      (gone.length > 3 ? "Mean field is left. " : "") +
      `The best such q has ELBO ${number(elbo, 3)} + KL(q‖p) ${number(kl, 3)} = log evidence ${number(log_evidence, 3)} nats.`;
  },
};
