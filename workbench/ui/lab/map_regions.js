// The regions of the map as a table: each name is a button that narrows the lab to it, and widens it again.
// Client text enters the page as text nodes, never as markup.

function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function render({ model, el }) {
  const caption = make("p", { className: "wb-map-caption" });
  const head = make("thead");
  const body = make("tbody");
  const frame = make("div", { className: "wb-table", tabIndex: 0 }, make("table", {}, head, body));
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", "Regions of the map");
  el.classList.add("wb-map-regions");
  el.append(frame, caption);

  function draw() {
    head.replaceChildren(make("tr", {}, ...model.get("headings").map((text) => make("th", { scope: "col", textContent: text }))));
    body.replaceChildren(...model.get("rows").map(row));
    caption.textContent = model.get("caption");
    mark();
  }

  function row({ region, name, size, colour, cells }) {
    const swatch = make("i", { ariaHidden: "true" });
    if (colour) swatch.style.background = colour;
    const button = make("button", { type: "button", onclick: () => choose(region) }, swatch, make("b", { textContent: name }));
    const line = make("tr", {}, make("td", {}, button, make("small", { textContent: size })), ...cells.map(cell));
    line.dataset.region = region;
    return line;
  }

  function cell({ value, interval, n, mark }) {
    const parts = [make("span", { className: "wb-num", textContent: `${value} ` }, make("small", { textContent: interval })), make("small", { textContent: n })];
    if (mark) parts.push(make("span", { className: "wb-badge wb-badge-accent", textContent: mark }));
    return make("td", {}, ...parts);
  }

  function choose(region) {
    model.set("chosen", model.get("chosen") === region ? -1 : region);
    model.save_changes();
  }

  function mark() {
    for (const line of body.rows) {
      const chosen = Number(line.dataset.region) === model.get("chosen");
      line.ariaSelected = String(chosen);
      line.querySelector("button").ariaPressed = String(chosen);
    }
  }

  // A chart in a view that was hidden while the window changed does not know its new width.
  let width = 0;
  const watcher = new ResizeObserver(([entry]) => {
    const now = Math.round(entry.contentRect.width);
    if (now && now !== width) window.dispatchEvent(new Event("resize"));
    width = now;
  });
  watcher.observe(el);

  // Passages within a lasso are nobody's choice: they are left out before 20,000 of them are sent.
  const QUESTIONS = 1;
  const only = (event) => { if (event?.points) event.points = event.points.filter((point) => point.curveNumber === QUESTIONS); };
  const looking = setInterval(() => {
    const events = el.closest(".wb-map")?.querySelector(".js-plotly-plot")?._ev;
    if (!events) return;
    events.prependListener("plotly_selected", only);
    clearInterval(looking);
  }, 200);

  const changes = ["change:headings", "change:rows", "change:caption"];
  for (const change of changes) model.on(change, draw);
  model.on("change:chosen", mark);
  draw();
  return () => {
    watcher.disconnect();
    clearInterval(looking);
    for (const change of changes) model.off(change, draw);
    model.off("change:chosen", mark);
  };
}

export default { render };
