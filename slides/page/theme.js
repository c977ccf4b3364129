// Light or dark: what the address says (?theme=dark), else what the system prefers; D changes it.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const asked = new URLSearchParams(location.search).get("theme");
  const printed = /[?&](print-pdf|view=print)/.test(location.search);
  const set = (theme) => { document.documentElement.dataset.theme = theme; };
  set(asked || (dark.matches && !printed ? "dark" : "light"));
  dark.addEventListener("change", (event) => asked || set(event.matches ? "dark" : "light"));
  window.toggleTheme = () => set(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
})();
