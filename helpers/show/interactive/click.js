// What a click does: figure.click(dataset of the element, settings, data) gives the changes, or none.
export function clicking({ stage, figure, data, settings, go }) {
  stage.addEventListener("click", ({ target }) => {
    const changes = figure.click(target.dataset, settings, data);
    if (changes) go(changes);
  });
}
