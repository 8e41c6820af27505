const OURS = ["/form_token", "/altcha"]; // fields that nobody fills in

// Makes a form helpful: the same for the widget, the hosted page and the frame. Without it the form posts plainly.
//   base: where the service is · given: the form as fetched, or null on a page of ours · arrived: called once it counts
function enhance(form, { base, given, arrived }) {
  const button = form.querySelector("[type=submit]");
  const label = button.textContent;
  const told = element("p", { class: "told", role: "status" });
  const keyFor = keeper();
  const solver = given ? given.proof_of_work : form.dataset.proof;
  const proofs = prover(solver && new URL(solver, base).href);
  let handedOut = performance.now();
  let busy = false;

  form.noValidate = true;
  button.closest("p").before(told);
  const email = form.elements.email;
  const recheck = (field) => {
    if (!field.getAttribute("aria-invalid")) return;
    tell([field], wrong(field));
    if (!form.querySelector(".error")) say("");
  };
  helpWithTypos(email, email.closest(".field"), recheck);
  form.addEventListener("input", (event) => recheck(event.target));
  form.addEventListener("focusin", () => proofs.begin(), { once: true });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return; // a second press while the first is under way
    const first = firstWrong(form);
    if (first) return say(WORDS.check), first.focus();
    working(true);
    let counts = false;
    try {
      counts = await send();
    } finally {
      if (!counts) working(false); // else another page is on its way
    }
  });
  // Back from that page, as the browser kept this one.
  addEventListener("pageshow", (event) => event.persisted && working(false));

  function working(now) {
    busy = now;
    for (const each of [form, button]) each.setAttribute("aria-busy", String(now));
    button.setAttribute("aria-disabled", String(now));
    button.textContent = now ? WORDS.busy : label;
    if (now) say("");
  }

  function say(...words) {
    told.replaceChildren(...words);
  }

  async function send() {
    const slow = setTimeout(() => say(WORDS.slow), SLOW);
    try {
      let result = await attempt();
      const { errors = [] } = result.problem;
      const ours = errors.filter((each) => OURS.includes(each.pointer));
      // The page stood open for long. Nothing the person did, so nothing the person has to mend.
      if (ours.length && (await renew()) && ours.length === errors.length) result = await attempt();
      outcome(result);
      return result.status === 202;
    } finally {
      clearTimeout(slow);
    }
  }

  // The key is of what leaves: a word may still be mended while the proof is made, and that is another request.
  async function attempt() {
    const altcha = await proofs.proof();
    await pause(Math.max(0, handedOut + YOUNGEST - performance.now()));
    const said = content(form);
    return post(base, { ...said, ...(altcha && { altcha }) }, keyFor(said));
  }

  async function renew() {
    const fresh = await fetchForm(base, form.elements.form.value).catch(() => null);
    if (fresh) form.elements.form_token.value = fresh.form_token;
    handedOut = performance.now();
    return fresh !== null;
  }

  function outcome({ status, problem, retryAfter }) {
    if (status === 202) return arrived(form);
    if (status === 0) return say(navigator.onLine ? WORDS.lost : WORDS.offline);
    if (status === 422) return fieldProblems(problem);
    if (status === 429) return say(`${WORDS.often} ${WORDS.again(after(retryAfter))}`);
    if (status >= 500) return say(`${WORDS.later} ${WORDS.again(after(retryAfter))}`);
    return say(`${problem.detail || WORDS.refused} `, hostedLink(base, form.elements.form.value));
  }

  function fieldProblems(problem) {
    const rest = [];
    let first = null;
    for (const { pointer, detail } of problem.errors || []) {
      if (OURS.includes(pointer) && problem.errors.length > 1) continue; // mended already
      const fields = fieldsAt(form, pointer);
      if (!fields.length) rest.push(detail);
      else tell(fields, detail);
      first ??= fields[0];
    }
    say([first ? WORDS.check : problem.detail, ...rest].filter(Boolean).join(" "));
    first?.focus();
  }
}

// Always a way on: the form on a page of the service's own.
function hostedLink(base, name, words = WORDS.elsewhere) {
  return element("a", { href: new URL(`forms/${encodeURIComponent(name)}`, base).href }, words);
}
