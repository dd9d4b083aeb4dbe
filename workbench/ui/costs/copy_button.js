// A button that copies a text; where the browser forbids it, it says so and the text can be selected on the page.
function render({ model, el }) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "jupyter-button";
  const said = document.createElement("span");
  said.setAttribute("role", "status");
  said.className = "wb-muted";
  button.textContent = model.get("label");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(model.get("text"));
      said.textContent = " Copied.";
    } catch {
      said.textContent = " Not allowed by this browser: select the text and copy it.";
    }
  });
  el.append(button, said);
}

export default { render };
