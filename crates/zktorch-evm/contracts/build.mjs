// node build.mjs FOLDER [--write]: compiles the contracts of a folder, and compares with its artifacts, or writes them.
import fs from "node:fs";
import path from "node:path";
import solc from "solc";

// The name of the declaration with this number.
function named(ast, id) {
    const contracts = ast.nodes.filter((node) => node.nodeType === "ContractDefinition");
    return contracts.flatMap((contract) => contract.nodes).find((node) => node.id === id).name;
}

const [folder, mode] = process.argv.slice(2);
const artifacts = path.join(folder, "artifacts");
const sources = {};
for (const name of fs.readdirSync(folder).filter((name) => name.endsWith(".sol"))) {
    sources[name] = { content: fs.readFileSync(path.join(folder, name), "utf8") };
}
const settings = {
    evmVersion: "prague",
    optimizer: { enabled: true, runs: 1_000_000 },
    // No hash of the sources' metadata in the code: comments do not change it.
    metadata: { appendCBOR: false },
    outputSelection: {
        "*": { "": ["ast"], "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "evm.deployedBytecode.immutableReferences"] },
    },
};
const output = JSON.parse(solc.compile(JSON.stringify({ language: "Solidity", sources, settings })));
const problems = output.errors ?? [];
problems.forEach((problem) => console.error(problem.formattedMessage));
let failed = problems.length > 0;
for (const [file, contracts] of Object.entries(output.contracts ?? {})) {
    for (const [name, { abi, evm }] of Object.entries(contracts)) {
        if (evm.bytecode.object === "") continue;
        const { object, immutableReferences = {} } = evm.deployedBytecode;
        // Where the values of immutables stand in the code of a deployed contract, which is zero there.
        const immutables = Object.entries(immutableReferences).map(([id, places]) =>
            [named(output.sources[file].ast, Number(id)), places.map(({ start }) => start)]);
        const artifact = { contract: name, source: file, compiler: solc.version(), evmVersion: settings.evmVersion,
            abi, bytecode: `0x${evm.bytecode.object}`, runtime: `0x${object}`,
            immutables: Object.fromEntries(immutables.sort(([a], [b]) => (a < b ? -1 : 1))) };
        const text = `${JSON.stringify(artifact, null, 1)}\n`;
        const to = path.join(artifacts, `${name}.json`);
        if (mode === "--write") {
            fs.mkdirSync(artifacts, { recursive: true });
            fs.writeFileSync(to, text);
        } else if (!fs.existsSync(to) || fs.readFileSync(to, "utf8") !== text) {
            console.error(`${to} is not what ${file} compiles to: node build.mjs with --write replaces it`);
            failed = true;
        }
    }
}
process.exit(failed ? 1 : 0);
