const LONGEST_PAGE = 2000; // letters of an address that the service takes

// <nurture-form data-form="lage-rug">: the form in a shadow root, in the site's font and colours. data-mode="button":
// a button that opens it in a dialog. data-label: other words on that button.
class NurtureForm extends HTMLElement {
  async connectedCallback() {
    if (this.shadowRoot) return; // moved within the page
    this.lang = "nl"; // the page around it may be in another language, or say so
    const { form = "", mode = "", label } = this.dataset;
    const base = this.dataset.base || BASE;
    const root = this.attachShadow({ mode: "open" });
    root.append(element("p", {}, hostedLink(base, form, label)));
    const worn = dress(root);
    try {
      const given = await fetchForm(base, form);
      // A button waits for its press with all that it needs, also with a token that is old enough by then.
      const body = this.fill(given, base);
      root.replaceChildren(...worn, ...(mode === "button" ? inDialog(body, label || given.title) : [body]));
    } catch (error) {
      if (error instanceof TypeError) tellRefused(base);
      console.warn(`nurture: no form from ${base} (${error.message}). May ${location.origin} use it? See NURTURE_ALLOWED_ORIGINS.`);
      root.replaceChildren(...worn, element("p", {}, `${WORDS.unavailable} `, hostedLink(base, form)));
    }
  }

  fill(given, base) {
    const body = element("div", { class: "widget" });
    show(given.html);
    const form = body.querySelector("form");
    const page = location.origin + location.pathname;
    form.elements.source_url.value = /^http/.test(page) && page.length <= LONGEST_PAGE ? page : "";
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

// Nothing of a refusal can be read here. Asking to post says whose page this is, and `nurture doctor` then names it; where
// it was the network after all, an empty post is refused and leaves nothing.
function tellRefused(base) {
  post(base, {}, "refused");
}

let sheet;
// One sheet for every form on the page. Browsers of before 2023 have no such sheets: then a tag, which a site's own
// policy may leave out, and the form is plain but there. What has to stay in the root.
function dress(root) {
  try {
    if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(STYLES);
    root.adoptedStyleSheets = [sheet];
    return [];
  } catch {
    const tag = element("style", {}, STYLES);
    root.prepend(tag);
    return [tag];
  }
}
