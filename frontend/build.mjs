// One file for the browser, with the licence of what it holds.
import { readFile } from "node:fs/promises";
import { build } from "esbuild";

const licence = await readFile("node_modules/altcha/LICENSE.txt", "utf8");
await build({
  entryPoints: ["proof.js"],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2020",
  banner: { js: `/* Holds the solver of altcha 3.2.2.\n\n${licence}*/` },
  outfile: "../service/web/dist/proof.js",
});
