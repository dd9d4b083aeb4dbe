// Counts to choose from: a bar of parts with its buttons, or a table whose cells are buttons.
// A choice goes to the kernel as a message; what is pressed comes back with the data. Client text enters as text nodes.
function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function render({ model, el }) {
  el.classList.add("wb-choices");

  function button(className, choice, ...children) {
    const node = make("button", { type: "button", className, title: choice.meaning ?? "" }, ...children);
    node.dataset.key = choice.key.join(" ");
    node.setAttribute("aria-pressed", String(Boolean(choice.pressed)));
    if (choice.label) node.setAttribute("aria-label", choice.label);
    node.addEventListener("click", () => model.send({ choose: choice.key }));
    return node;
  }

  function bar(parts) {
    const whole = make("div", { className: "wb-parts", ariaHidden: "true" });
    for (const part of parts.filter(({ share }) => share > 0)) {
      const piece = make("span", { className: "wb-part-piece", title: `${part.name}: ${part.count}` });
      piece.dataset.kind = part.kind;
      if (part.pressed) piece.dataset.pressed = "";
      piece.style.flexGrow = part.share;
      piece.addEventListener("click", () => model.send({ choose: part.key }));
      if (part.within !== null) {
        const inner = make("i");
        inner.style.width = `${100 * part.within}%`;
        piece.append(inner);
      }
      whole.append(piece);
    }
    const names = make("div", { className: "wb-part-names" });
    for (const part of parts) {
      const swatch = make("i", { ariaHidden: "true" });
      swatch.dataset.kind = part.kind;
      names.append(button("wb-choice wb-part-name", part,
        make("span", { className: "wb-choice-name" }, swatch, part.name),
        make("strong", { textContent: part.count }),
        make("small", { textContent: part.basis }),
        make("span", { className: "wb-choice-meaning", textContent: part.meaning })));
    }
    return [whole, names];
  }

  function cell(choice, highest) {
    if (choice.plain) return make("td", {}, make("span", { className: "wb-muted", textContent: choice.count }));
    const fill = make("i", { ariaHidden: "true" });
    fill.style.width = `${highest ? (100 * choice.size) / highest : 0}%`;
    const node = button("wb-choice wb-cell-choice", choice, fill,
      make("strong", { textContent: choice.count }), make("small", { textContent: choice.basis }));
    return make("td", {}, node);
  }

  function table({ corner, columns, rows, highest, caption }) {
    const head = make("tr", {}, make("th", { scope: "col", textContent: corner }));
    for (const column of columns) {
      const swatch = make("i", { ariaHidden: "true" });
      const name = make("span", { className: `wb-arm ${column.hue}` }, swatch, column.name);
      head.append(make("th", { scope: "col" }, column.plain ? make("span", {}, name, make("small", { textContent: column.basis }))
        : button("wb-choice wb-column-choice", column, name, make("small", { textContent: column.basis }))));
    }
    const body = rows.map(({ head: first, cells }) => make("tr", {},
      make("th", { scope: "row" }, button("wb-choice wb-row-choice", first, first.name)),
      ...cells.map((each) => cell(each, highest))));
    return make("div", { className: "wb-table wb-codes", tabIndex: 0 },
      make("table", {}, make("caption", { textContent: caption }), make("thead", {}, head), make("tbody", {}, ...body)));
  }

  function draw() {
    const data = model.get("data");
    // The pressed button is built anew: whoever came to it by keyboard stays on it.
    const focused = el.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    el.replaceChildren(...(data.parts ? bar(data.parts) : []), ...(data.table ? [table(data.table)] : []));
    if (focused !== undefined) [...el.querySelectorAll("button")].find((node) => node.dataset.key === focused)?.focus({ preventScroll: true });
  }

  model.on("change:data", draw);
  draw();
}

export default { render };
