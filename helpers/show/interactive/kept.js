// A picture that Python draws: the settings go there, an image and its sentence come back.
import { draw, set } from "./drawing.js";

export const figure = {};

export function kept({ model, el }) {
  const data = model.get("data");
  const [width, height] = data.size;
  let image = null;
  let source = "";
  const show = () => {
    URL.revokeObjectURL(source);
    source = URL.createObjectURL(new Blob([model.get("image")], { type: "image/png" }));
    set(image, { href: source });
    const sentence = model.get("sentence");
    el.querySelector("[role=status]").textContent = sentence;
    el.querySelector("svg").setAttribute("aria-label", sentence);
  };
  const stop = mount(el, {
    style: figure.style,
    size: data.size,
    build: (stage) => ((image = draw(stage, "image", { width, height })), () => {}),
    compute(_, settings) {
      model.set("settings", { ...settings }); // the same settings again send nothing
      model.save_changes();
      return {};
    },
    describe: () => model.get("sentence"),
  }, data);
  model.on("change:image", show);
  show();
  return () => (stop(), model.off("change:image", show), URL.revokeObjectURL(source));
}
