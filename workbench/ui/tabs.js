// A row of tabs after the WAI-ARIA pattern: arrows, Home and End move, the open one alone is in the tab order.
function render({ model, el }) {
  const list = document.createElement("div");
  list.className = "wb-tab-list";
  list.setAttribute("role", "tablist");
  list.ariaLabel = model.get("label");
  el.append(list);

  function open(key, focus) {
    model.set("selected", key);
    model.save_changes();
    if (focus) list.querySelector(`[data-tab="${CSS.escape(key)}"]`).focus();
  }

  function draw() {
    list.replaceChildren(...model.get("tabs").map(([key, label, meaning]) => {
      const tab = document.createElement("button");
      tab.type = "button";
      tab.textContent = label;
      tab.title = meaning;
      tab.dataset.tab = key;
      tab.setAttribute("role", "tab");
      tab.addEventListener("click", () => open(key));
      return tab;
    }));
    mark();
  }

  function mark() {
    const selected = model.get("selected");
    for (const tab of list.children) {
      const here = tab.dataset.tab === selected;
      tab.ariaSelected = String(here);
      tab.tabIndex = here ? 0 : -1;
    }
    arrange();
    // Charts that were hidden have the width they had, or none.
    for (const wait of [50, 250]) setTimeout(() => window.dispatchEvent(new Event("resize")), wait);
  }

  // Here and not in the kernel, which may be building a view just now: the last tab pressed is the one that is seen.
  function arrange() {
    for (const panel of el.closest(".wb-tabs")?.querySelectorAll(":scope > .wb-panel") ?? []) {
      const tab = model.get("tabs").find(([key]) => panel.classList.contains(`wb-panel-${key}`));
      panel.setAttribute("role", "tabpanel");
      panel.ariaLabel = tab[1];
      panel.classList.toggle("wb-hidden", tab[0] !== model.get("selected"));
    }
  }

  function keys(event) {
    const order = [...list.children];
    const here = order.indexOf(event.target);
    const to = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: order.length - 1 }[event.key];
    if (here < 0 || to === undefined) return;
    event.preventDefault();
    open(order[(to + order.length) % order.length].dataset.tab, true);
  }

  list.addEventListener("keydown", keys);
  model.on("change:tabs", draw);
  model.on("change:selected", mark);
  draw();
  setTimeout(arrange, 500); // the panels come into the page after the tabs
  return () => {
    model.off("change:tabs", draw);
    model.off("change:selected", mark);
  };
}

export default { render };
