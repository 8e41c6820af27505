// Solves a challenge of GET /api/challenges (ALTCHA, protocol 2), unseen: its solver alone, without its widget.
import { pbkdf2, solveChallenge } from "altcha/lib";

// What the opt-in's field `altcha` takes; "" where the browser found no solution in time.
export async function solve(challenge) {
  const solution = await solveChallenge({ challenge, deriveKey: pbkdf2.deriveKey });
  return solution ? btoa(JSON.stringify({ challenge, solution })) : "";
}
