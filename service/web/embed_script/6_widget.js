// <nurture-form data-form="lage-rug">: the form in a shadow root, in the site's font and colours. data-mode="button":
// a button that opens it in a dialog. data-label: other words on that button.
class NurtureForm extends HTMLElement {
  async connectedCallback() {
    if (this.shadowRoot) return; // moved within the page
    const { form = "", mode = "", label } = this.dataset;
    const base = this.dataset.base || BASE;
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [styles()];
    root.append(element("p", {}, hostedLink(base, form, label)));
    try {
      const given = await fetchForm(base, form);
      // A button waits for its press with all that it needs, also with a token that is old enough by then.
      const body = this.fill(given, base);
      root.replaceChildren(...(mode === "button" ? inDialog(body, label || given.title) : [body]));
    } catch (error) {
      console.warn(`nurture: no form from ${base} (${error.message}). May ${location.origin} use it? See NURTURE_ALLOWED_ORIGINS.`);
      root.replaceChildren(element("p", {}, `${WORDS.unavailable} `, hostedLink(base, form)));
    }
  }

  fill(given, base) {
    const body = element("div", { class: "widget" });
    show(given.html);
    const form = body.querySelector("form");
    form.elements.source_url.value = location.origin.startsWith("http") ? location.origin + location.pathname : "";
    enhance(form, {
      base,
      given,
      arrived: () => {
        show(given.thank_you_html);
        body.querySelector("h2").focus();
      },
    });
    return body;

    function show(html) {
      body.innerHTML = html;
      for (const link of body.querySelectorAll("a[href]")) link.href = new URL(link.getAttribute("href"), base);
    }
  }
}

// A button, and the dialog it opens. The browser sees to Esc, to what lies behind, and to the focus on closing.
function inDialog(body, label) {
  const heading = body.querySelector("h2");
  const button = element("button", { type: "button", class: "button", "aria-haspopup": "dialog" }, label);
  const close = element("button", { type: "button", class: "close", "aria-label": WORDS.close }, "×");
  const dialog = element("dialog", { "aria-label": heading.textContent }, close, body);
  button.addEventListener("click", () => {
    dialog.showModal();
    body.querySelector("h2").focus();
  });
  close.addEventListener("click", () => dialog.close());
  return [button, dialog];
}

let sheet;
function styles() {
  if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(STYLES);
  return sheet;
}
