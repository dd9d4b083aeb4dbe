// A button that asks the kernel for a file and saves what comes back; the bytes stay in this browser.
const SLOW_MS = 150;

function save(name, type, bytes) {
  const address = URL.createObjectURL(new Blob([bytes], { type }));
  const link = Object.assign(document.createElement("a"), { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000); // some browsers read it after the click
}

function render({ model, el }) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "jupyter-button" });
  const said = Object.assign(document.createElement("span"), { className: "wb-said" });
  said.setAttribute("role", "status");
  el.classList.add("wb-download");
  el.append(button, said);
  let asked = null, slow;

  function words() {
    const hint = model.get("hint");
    button.textContent = model.get("label");
    button.title = hint;
    if (hint) button.setAttribute("aria-label", hint);
    el.classList.toggle("wb-download-quiet", model.get("quiet"));
  }

  function finish(text) {
    clearTimeout(slow);
    asked = null;
    button.removeAttribute("aria-disabled");
    words();
    said.textContent = text;
  }

  button.addEventListener("click", () => {
    if (asked) return;
    asked = crypto.randomUUID?.() ?? String(Math.random());
    said.textContent = "";
    button.setAttribute("aria-disabled", "true");
    slow = setTimeout(() => { button.textContent = "Preparing…"; }, SLOW_MS);
    model.send({ ask: asked });
  });

  function answer(message, buffers) {
    if (message.ask !== asked) return; // another view of the same button asked
    if (message.fault) {
      finish(message.fault);
      button.title = message.fault;
      button.textContent = message.fault;
      return;
    }
    save(message.name, message.type, buffers[0]);
    finish(`${message.name} saved.`);
  }

  words();
  model.on("change:label change:hint change:quiet", words);
  model.on("msg:custom", answer);
  return () => {
    clearTimeout(slow);
    model.off("change:label change:hint change:quiet", words);
    model.off("msg:custom", answer);
  };
}

export default { render };
