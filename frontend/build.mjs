// Two files for the browser, each with the licences of what it holds.
import { readdir, readFile } from "node:fs/promises";
import { build } from "esbuild";

// What a bundle holds, as esbuild tells, is what its banner names: nothing is left out, and nothing named in vain.
async function licences(inputs) {
  const names = new Set(Object.keys(inputs).flatMap((file) => file.match(/node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []));
  const told = await Promise.all(
    [...names].sort().map(async (name) => {
      const folder = `node_modules/${name}`;
      const { version } = JSON.parse(await readFile(`${folder}/package.json`, "utf8"));
      const file = (await readdir(folder)).find((each) => /^licen[cs]e/i.test(each));
      if (!file) throw new Error(`${name} brings no licence`);
      return [`${name} ${version}`, (await readFile(`${folder}/${file}`, "utf8")).trim()];
    }),
  );
  const together = Map.groupBy(told, ([, text]) => text);
  return [...together].map(([text, each]) => `Holds ${each.map(([name]) => name).join(", ")}.\n\n${text}`).join("\n\n");
}

for (const name of ["proof", "editor"]) {
  const options = { entryPoints: [`${name}.js`], bundle: true, minify: true, format: "esm", target: "es2020" };
  const { metafile } = await build({ ...options, write: false, metafile: true });
  const banner = { js: `/* ${await licences(metafile.inputs)}\n*/` };
  await build({ ...options, banner, outfile: `../service/web/dist/${name}.js` });
}
