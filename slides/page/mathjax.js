// MathJax's configuration, before its own script. Without "noerrors" and "noundefined" a mistake
// in a formula is an error, seen on the slide and found by the checks, not red source text.
window.mathErrors = [];
window.MathJax = {
  tex: {
    packages: {"[-]": ["noerrors", "noundefined"]},
    inlineMath: [["$", "$"], ["\\(", "\\)"]],
    displayMath: [["$$", "$$"], ["\\[", "\\]"]],
    processEscapes: true,
    processEnvironments: true,
    tags: "none",
    formatError: (jax, error) => {
      window.mathErrors.push(error.message);
      return jax.formatError(error);
    },
  },
  svg: {fontCache: "local"},
  options: {
    enableMenu: false,
    skipHtmlTags: ["script", "noscript", "style", "textarea", "pre", "code", "annotation", "annotation-xml"],
  },
  startup: {typeset: false},
};
