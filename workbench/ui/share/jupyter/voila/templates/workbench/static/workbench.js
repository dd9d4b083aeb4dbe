// The frame of every page: theme, session clock, case switcher, step marks, keys. Needs no library and asks no other host.
(function () {
  "use strict";
  const MINUTES = 30;
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);

  const stored = {
    get(name) { try { return localStorage.getItem("workbench-" + name); } catch (error) { return null; } },
    set(name, value) {
      try {
        if (value === null) localStorage.removeItem("workbench-" + name);
        else localStorage.setItem("workbench-" + name, value);
      } catch (error) { /* a private window forgets, nothing else */ }
    },
  };

  function showTheme() {
    const dark = root.dataset.theme === "dark";
    const button = byId("wb-theme");
    if (button) button.textContent = dark ? "Light" : "Dark";
    document.body.dataset.jpThemeLight = String(!dark);
  }

  function switchTheme() {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    stored.set("theme", root.dataset.theme);
    showTheme();
  }

  function showClock() {
    const button = byId("wb-clock");
    if (!button) return;
    const start = Number(stored.get("clock"));
    if (!start) { button.textContent = "Start clock"; button.removeAttribute("data-over"); return; }
    const seconds = Math.max(0, Math.floor((Date.now() - start) / 1000));
    const two = (value) => String(value).padStart(2, "0");
    button.textContent = `${two(Math.floor(seconds / 60))}:${two(seconds % 60)} of ${MINUTES}:00`;
    button.toggleAttribute("data-over", seconds > MINUTES * 60);
  }

  function switchClock() {
    const running = Number(stored.get("clock"));
    if (running && !window.confirm("Stop the session clock and set it back to zero?")) return;
    stored.set("clock", running ? null : String(Date.now()));
    showClock();
  }

  function openCase(select) {
    const address = new URL(location.href);
    address.search = select.value ? new URLSearchParams({ case: select.value }).toString() : "";
    location.assign(address.href);
  }

  const WORDS = { done: "done", running: "running", "not measured": "not measured" };

  async function showStates(address) {
    const answer = await fetch(address, { credentials: "same-origin" }).catch(() => null);
    if (!answer || !answer.ok) return;
    const states = (await answer.json()).steps;
    for (const link of document.querySelectorAll(".wb-steps a")) {
      const state = WORDS[states[link.dataset.step]];
      if (!state) continue;
      link.dataset.state = state;
      link.title = state;
    }
    const waiting = Object.values(states).includes("running");
    setTimeout(() => showStates(address), waiting ? 2000 : 15000);
  }

  function neighbour(offset) {
    const links = [...document.querySelectorAll(".wb-steps a")];
    const here = links.findIndex((link) => link.getAttribute("aria-current") === "page");
    const next = links[here + offset];
    if (here >= 0 && next) location.assign(next.href);
  }

  function moveInList(offset) {
    const lines = [...document.querySelectorAll("[data-line]")];
    if (!lines.length) return;
    const here = lines.indexOf(document.activeElement);
    const next = lines[Math.min(Math.max(here + offset, 0), lines.length - 1)];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  function search() {
    const fields = [...document.querySelectorAll(".wb-search input, input[type=search], [role=searchbox]")];
    const field = fields.find((each) => each.offsetParent !== null);
    if (field) { field.focus(); field.select(); }
  }

  const KEYS = {
    "?": () => byId("wb-keys") && byId("wb-keys").showModal(),
    "t": switchTheme,
    "[": () => neighbour(-1),
    "]": () => neighbour(1),
    "j": () => moveInList(1),
    "k": () => moveInList(-1),
    "/": search,
  };

  function onKey(event) {
    const typing = event.target.closest("input, textarea, select, [contenteditable=true], dialog[open]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  }

  // Enter in a form does what its button does; the change event first hands the text to the kernel.
  function onEnter(event) {
    const form = event.key === "Enter" && event.target.matches("input") && event.target.closest(".wb-form");
    if (!form || event.isComposing) return;
    event.target.dispatchEvent(new Event("change", { bubbles: true }));
    form.querySelector("button").click();
  }

  // A kernel that cannot start must not leave the page with grey lines for ever.
  function explainDelay() {
    const text = byId("loading_text");
    if (text) text.textContent = "This takes longer than it should. Reload the page; if it happens again, restart the server.";
  }

  // A chart drawn before its place had a width keeps plotly's default of 700 pixels until the window changes.
  function fitCharts() {
    const unfit = [...document.querySelectorAll(".js-plotly-plot")].some((chart) => {
      const drawing = chart.querySelector(".main-svg");
      return drawing && Math.abs(drawing.getBoundingClientRect().width - chart.getBoundingClientRect().width) > 2;
    });
    if (unfit) window.dispatchEvent(new Event("resize"));
  }

  function start() {
    showTheme();
    showClock();
    setInterval(showClock, 1000);
    setInterval(fitCharts, 700);
    setTimeout(explainDelay, 30000);
    document.addEventListener("keydown", onKey);
    document.addEventListener("keydown", onEnter, true); // text widgets keep their keys from bubbling
    for (const [id, act] of [["wb-theme", switchTheme], ["wb-clock", switchClock], ["wb-help", KEYS["?"]]]) {
      if (byId(id)) byId(id).addEventListener("click", act);
    }
    const select = byId("wb-case");
    if (!select) return;
    select.addEventListener("change", () => openCase(select));
    if (select.dataset.state) showStates(select.dataset.state);
  }

  start();
})();
