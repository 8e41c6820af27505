// One post and what became of it. A lost answer is neither a yes nor a no, and is told as such.
const SLOW = 6000; // milliseconds until we say that it takes long
const PATIENCE = 30000; // and until we stop waiting
const YOUNGEST = 2200; // a form that comes back sooner than 2 seconds after it was handed out looks like a robot's

// What a form holds, as the service's JSON.
function content(form) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name || ((field.type === "checkbox" || field.type === "radio") && !field.checked)) continue;
    if (field.type === "checkbox") body[field.name] = true;
    else if (field.name.startsWith("answers.")) (body.answers ??= {})[field.name.slice(8)] = field.value;
    else if (field.value) body[field.name] = field.value;
  }
  return body;
}

// A key for one content: what was sent before and comes again unchanged counts once.
function keeper() {
  let last = "";
  let key = "";
  return (body) => {
    const { form_token: _token, altcha: _proof, ...said } = body;
    const now = JSON.stringify(said);
    if (now !== last) {
      last = now;
      key = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    }
    return key;
  };
}

// {status, problem, retryAfter}; status 0: nobody knows.
async function post(base, body, key) {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE);
  try {
    const answer = await fetch(new URL("api/opt-ins", base), {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": key },
      body: JSON.stringify(body),
      signal: patience.signal,
      ...QUIET,
    });
    const problem = answer.status === 202 ? {} : await answer.json().catch(() => ({}));
    return { status: answer.status, problem, retryAfter: Number(answer.headers.get("Retry-After")) || 60 };
  } catch {
    return { status: 0, problem: {}, retryAfter: 0 };
  } finally {
    clearTimeout(timer);
  }
}

// The form as the service gives it now: html, thank_you_html, form_token, proof_of_work.
async function fetchForm(base, name) {
  const answer = await fetch(new URL(`api/forms/${encodeURIComponent(name)}`, base), QUIET);
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.json();
}

// No cookie goes along, and of another site's page no address.
const QUIET = { credentials: "omit", referrerPolicy: "same-origin", cache: "no-store" };

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// Proof of work, where the service asks for it: solved unseen, from the first touch of the form on. A browser that
// cannot do it sends the form without, and a person of the practice looks at it.
function prover(url) {
  let solving = null;
  let began = 0;
  const solve = async () => {
    const asked = fetch(new URL("api/challenges", url), QUIET).then((answer) => answer.json());
    const [challenge, solver] = await Promise.all([asked, import(url)]);
    return solver.solve(challenge);
  };
  return {
    begin() {
      if (!url || (solving && Date.now() - began < 480_000)) return; // challenges last ten minutes
      began = Date.now();
      solving = solve().catch((error) => {
        console.warn(`nurture: no proof of work (${error.message})`);
        return "";
      });
    },
    async proof() {
      this.begin();
      const found = solving ? await Promise.race([solving, pause(PATIENCE).then(() => "")]) : "";
      solving = null; // each counts once
      return found;
    },
  };
}
