// A tree with columns after the WAI-ARIA tree pattern. Lines below an opened one are asked for from the kernel when needed.
// Client text enters the page as text nodes, never as markup.
function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function render({ model, el }) {
  let branches = {}, lines = [], here = "", wait = 0;
  const asked = new Set();
  const search = make("input", { type: "text", placeholder: "Search folders and documents", ariaLabel: "Search folders and documents" });
  search.setAttribute("role", "searchbox");
  const status = make("span", { className: "wb-muted" });
  status.setAttribute("role", "status");
  const head = make("div", { className: "wb-tree-head", ariaHidden: "true" });
  const tree = make("div", { className: "wb-tree-lines" });
  tree.setAttribute("role", "tree");
  tree.ariaLabel = model.get("label");
  const frame = make("div", { className: "wb-tree" }, head, tree);
  el.classList.add("wb-tree-panel");
  el.append(make("div", { className: "wb-tree-tools" }, search, ...orderTools(), status), frame);

  function orderTools() {
    const orders = model.get("orders");
    if (!orders.length) return [];
    const order = make("select", {}, ...orders.map(([value, textContent]) => make("option", { value, textContent })));
    order.value = model.get("order");
    order.addEventListener("change", () => { model.set("order", order.value); model.save_changes(); });
    const only = make("input", { type: "checkbox", checked: model.get("only_missed") });
    only.addEventListener("change", () => { model.set("only_missed", only.checked); model.save_changes(); });
    return [make("label", {}, "Most misses first, of ", order), make("label", {}, only, " only with misses")];
  }

  function load() {
    branches = { ...model.get("branches") };
    asked.clear();
    drawHead();
    draw();
  }

  function drawHead() {
    const columns = model.get("columns");
    const widths = columns.map(({ size }) => `var(--wb-tree-${size})`);
    frame.style.setProperty("--wb-tree-columns", ["minmax(var(--wb-tree-name), 1fr)", ...widths].join(" "));
    frame.style.setProperty("--wb-tree-least", `calc(${["var(--wb-tree-name)", ...widths, "8px"].join(" + ")})`);
    const groups = [];
    for (const { group } of columns) {
      if (groups.length && groups.at(-1).group === group) groups.at(-1).span += 1;
      else groups.push({ group, span: 1 });
    }
    const above = groups.map(({ group, span }) => {
      const cell = make("span", { className: "wb-tree-group", textContent: group });
      cell.style.gridColumn = `span ${span}`;
      if (group) cell.dataset.group = "";
      return cell;
    });
    const titles = columns.map(({ title, meaning, hue, size }) => {
      const cell = make("span", { className: `wb-tree-title ${hue}`, title: meaning }, title);
      if (size === "share") cell.prepend(make("i"));
      return cell;
    });
    head.replaceChildren(make("span", { className: "wb-tree-first" }), ...above,
      make("span", { className: "wb-tree-first wb-tree-title", textContent: "Folder or document" }), ...titles);
  }

  function visible() {
    const opened = new Set(model.get("opened"));
    const all = [];
    const walk = (rows, level, parent) => rows.forEach((row, at) => {
      const open = row.opens && opened.has(row.key);
      all.push({ row, level, parent, open, at: at + 1, of: rows.length });
      if (!open) return;
      if (branches[row.key]) walk(branches[row.key], level + 1, row.key);
      else {
        all.push({ row: { key: `${row.key}/wait`, kind: "wait", name: "Loading", note: "", cells: [] }, level: level + 1, parent: row.key, at: 1, of: 1 });
        ask(row.key);
      }
    });
    walk(branches[""] ?? [], 1, "");
    return all;
  }

  function ask(key) {
    if (asked.has(key)) return;
    asked.add(key);
    model.send({ ask: key, edition: model.get("edition") });
  }

  function draw() {
    const focused = tree.contains(document.activeElement);
    lines = visible();
    if (!lines.some(({ row }) => row.key === here)) here = (lines.find(({ row }) => row.key === model.get("chosen")) ?? lines[0])?.row.key ?? "";
    tree.replaceChildren(...lines.map(drawLine));
    status.textContent = model.get("status");
    if (focused) focus(here);
  }

  function drawLine({ row, level, open, at, of }) {
    const columns = model.get("columns");
    const name = make("span", { className: "wb-tree-name" }, make("i", { className: "wb-tree-twist" }),
      make("span", {}, make("bdi", { textContent: row.name }), ...(row.note ? [make("small", {}, make("bdi", { textContent: row.note }))] : [])));
    // A name may take the place of the counts it does not have.
    const first = row.cells.findIndex((cell) => cell.text);
    const from = first < 0 ? row.cells.length : row.kind === "drawer" ? 0 : first;
    name.style.gridColumn = `span ${from + 1}`;
    const line = make("div", { className: "wb-tree-line" }, name, ...row.cells.slice(from).map((cell, i) => drawCell(cell, columns[from + i])));
    line.setAttribute("role", "treeitem");
    line.setAttribute("aria-level", level);
    line.setAttribute("aria-posinset", at);
    line.setAttribute("aria-setsize", of);
    if (row.opens) line.ariaExpanded = String(open);
    line.ariaSelected = String(row.key === model.get("chosen"));
    line.ariaLabel = words(row, columns);
    line.tabIndex = row.key === here ? 0 : -1;
    line.dataset.key = row.key;
    line.dataset.kind = row.kind;
    line.title = row.note ? `${row.name}\n${row.note}` : row.name;
    line.style.setProperty("--wb-tree-level", Math.min(level - 1, 10));
    return line;
  }

  function drawCell(cell, { size, hue }) {
    const box = make("span", { className: `wb-tree-cell${size === "share" ? "" : " wb-tree-count"}` });
    if (cell.strong) box.dataset.strong = "";
    if (cell.muted) box.dataset.muted = "";
    box.append(make("span", { textContent: cell.text }));
    if (cell.bounds) box.append(make("small", { textContent: ` ${cell.bounds}` }));
    if (cell.bar) {
      const [low, value, high] = cell.bar;
      const band = make("i", { className: "wb-band" }), tick = make("i", { className: "wb-tick" });
      band.style.left = `${low}%`;
      band.style.width = `${Math.max(high - low, 0.5)}%`;
      tick.style.left = `${value}%`;
      box.append(make("span", { className: `wb-interval ${hue}` }, band, tick));
      box.title = `n = ${cell.n.toLocaleString("en-US")}`;
    }
    return box;
  }

  function words(row, columns) {
    const said = row.cells.map((cell, i) => cell.text && `${columns[i].group} ${columns[i].title}: ${cell.text} ${cell.bounds ?? ""}${cell.bar ? `, n = ${cell.n}` : ""}`);
    return [row.name, row.note, row.kind, ...said].filter(Boolean).map((part) => part.trim()).join("; ");
  }

  const element = (key) => tree.querySelector(`[data-key="${CSS.escape(key)}"]`);

  function focus(key) {
    const line = element(key);
    if (!line) return;
    element(here)?.setAttribute("tabindex", "-1");
    here = key;
    line.tabIndex = 0;
    line.focus({ preventScroll: true });
    show(line);
  }

  function show(line) {
    const [top, bottom] = [line.offsetTop - head.offsetHeight, line.offsetTop + line.offsetHeight];
    if (top < frame.scrollTop) frame.scrollTop = top;
    else if (bottom > frame.scrollTop + frame.clientHeight) frame.scrollTop = bottom - frame.clientHeight;
  }

  function toggle(key, open) {
    const opened = model.get("opened").filter((other) => other !== key);
    model.set("opened", open ? [...opened, key] : opened);
    model.save_changes();
  }

  function choose({ row, open }) {
    if (!row.chooses) {
      if (row.opens) toggle(row.key, !open);
      return;
    }
    model.set("chosen", row.key === model.get("chosen") ? "" : row.key);
    model.save_changes();
  }

  function mark() {
    const chosen = model.get("chosen");
    for (const line of tree.children) line.ariaSelected = String(line.dataset.key === chosen);
    const line = chosen && element(chosen);
    if (line && !tree.contains(document.activeElement)) show(line);
  }

  function keys(event) {
    const at = lines.findIndex(({ row }) => row.key === here);
    if (at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const line = lines[at];
    const go = (to) => focus(lines[Math.min(Math.max(to, 0), lines.length - 1)].row.key);
    const moves = {
      ArrowDown: () => go(at + 1),
      ArrowUp: () => go(at - 1),
      Home: () => go(0),
      End: () => go(lines.length - 1),
      ArrowRight: () => (line.row.opens ? (line.open ? go(at + 1) : toggle(line.row.key, true)) : undefined),
      ArrowLeft: () => (line.open ? toggle(line.row.key, false) : line.parent && focus(line.parent)),
      Enter: () => choose(line),
      " ": () => choose(line),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    moves[event.key]();
  }

  tree.addEventListener("keydown", keys);
  tree.addEventListener("click", (event) => {
    const target = event.target.closest("[role=treeitem]");
    const line = target && lines.find(({ row }) => row.key === target.dataset.key);
    if (!line) return;
    focus(line.row.key);
    if (event.target.closest(".wb-tree-twist") && line.row.opens) toggle(line.row.key, !line.open);
    else choose(line);
  });
  search.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(() => { model.set("words", search.value.slice(0, 200)); model.save_changes(); }, 200);
  });

  function answer(message) {
    if (message.edition !== model.get("edition") || !message.rows) return;
    branches[message.branch] = message.rows;
    draw();
  }

  const events = { "change:edition": load, "change:opened": draw, "change:chosen": mark, "msg:custom": answer };
  for (const [name, act] of Object.entries(events)) model.on(name, act);
  load();
  return () => {
    clearTimeout(wait);
    for (const [name, act] of Object.entries(events)) model.off(name, act);
  };
}

export default { render };
