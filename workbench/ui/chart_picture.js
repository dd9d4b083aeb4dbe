// Saves the chart beside it as PNG, drawn by plotly itself from the chart as it stands, on an opaque ground in the page's
// theme; says for screen readers what the chart shows; and has it drawn again where its place has another width by now.
const SCALE = 2;

// A picture has no style sheet: the neutral colours that follow the theme on the page are written out.
function coloured(value, colours) {
  if (typeof value === "string") return colours[value] ?? value;
  if (Array.isArray(value)) return value.map((entry) => coloured(entry, colours));
  if (value === null || typeof value !== "object" || ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, coloured(entry, colours)]));
}

function drawing(chart, model, el) {
  const style = getComputedStyle(el);
  const read = (property) => style.getPropertyValue(property).trim();
  const colours = Object.fromEntries(Object.entries(model.get("neutral")).map(([colour, property]) => [colour, read(property)]));
  const { width, height } = chart._fullLayout;
  const layout = { ...coloured(chart.layout, colours), width, height, autosize: false, paper_bgcolor: read("--wb-surface") };
  layout.font = { ...layout.font, color: read("--wb-text") };
  const options = { format: "png", filename: model.get("name"), scale: SCALE };
  const context = { ...chart._context, toImageButtonOptions: options, displayNotifier: false };
  return { data: coloured(chart.data, colours), layout, config: context, _context: context };
}

function render({ model, el }) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "jupyter-button", textContent: "PNG" });
  el.classList.add("wb-download", "wb-download-quiet");
  el.append(button);
  const chart = () => el.closest(".wb-chart")?.querySelector(".js-plotly-plot");

  function describe() {
    const label = model.get("label");
    button.title = `Save chart as a PNG picture: ${model.get("name")}`;
    button.setAttribute("aria-label", button.title);
    const shown = chart();
    if (!shown) return false;
    shown.setAttribute("role", "img");
    shown.setAttribute("aria-label", label);
    return true;
  }

  button.addEventListener("click", () => {
    const shown = chart();
    const tool = shown?._fullLayout?._modeBar?.buttons.flat().find(({ name }) => name === "toImage");
    if (tool) tool.click(drawing(shown, model, el));
  });

  // The chart is drawn after this button, and may be drawn anew.
  const waiting = new MutationObserver(() => {
    const shown = chart();
    if (shown && !shown.hasAttribute("aria-label")) describe();
  });
  // A chart made while its place was being laid out has the width the place had then; plotly looks again only with the window.
  const sized = new ResizeObserver(() => {
    const place = chart()?.parentElement, drawn = chart()?._fullLayout?.width;
    if (drawn && place.clientWidth && Math.abs(place.clientWidth - drawn) > 1) window.dispatchEvent(new Event("resize"));
  });
  const watch = setTimeout(() => {
    const frame = el.closest(".wb-chart");
    waiting.observe(frame ?? document.body, { childList: true, subtree: true });
    if (frame) sized.observe(frame);
  }, 0);
  describe();
  model.on("change:label change:name", describe);
  return () => {
    clearTimeout(watch);
    waiting.disconnect();
    sized.disconnect();
    model.off("change:label change:name", describe);
  };
}

export default { render };
