// Makes one page of the demo: node build.mjs PACKAGE OUT. Scripts, styles and the WebAssembly are texts in it.

import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const [, , pack, out] = process.argv;
const here = path.dirname(fileURLToPath(import.meta.url));
const esbuild = createRequire(path.join(process.cwd(), "package.json"))("esbuild");

/** A script with everything that it imports. The package is the one that was built, which has its WebAssembly's own script. */
async function bundle(file) {
  const result = await esbuild.build({
    entryPoints: [path.join(here, file)],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    write: false,
    charset: "utf8",
    external: ["node:fs/promises"],
    // Where the package would look for its WebAssembly, which the page gives it.
    define: { "import.meta.url": "location.href" },
    plugins: [
      {
        name: "package",
        setup: (build) =>
          build.onResolve({ filter: /^\.\.\/npm\// }, ({ path: file }) => ({ path: path.join(path.resolve(pack), path.basename(file)) })),
      },
    ],
  });
  return result.outputFiles[0].text.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
}

const parts = {
  style: await readFile(path.join(here, "style.css"), "utf8"),
  app: await bundle("app.mjs"),
  worker: await bundle("worker.mjs"),
  wasm: gzipSync(await readFile(path.join(pack, "zktorch_wasm_bg.wasm")), { level: 9 }).toString("base64"),
};
const page = await readFile(path.join(here, "index.html"), "utf8");
await writeFile(
  out,
  page.replace(/\{\{(\w+)\}\}/g, (_, part) => parts[part]),
);
