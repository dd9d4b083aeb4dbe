// Runs before anything is painted, so that a dark room is not lit up first.
(function () {
  let chosen = null;
  try { chosen = localStorage.getItem("workbench-theme"); } catch (error) { /* private window */ }
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = chosen || (dark ? "dark" : "light");
})();
